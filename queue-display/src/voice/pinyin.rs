//! How a computer reads the Chinese clips: pinyin with tones, for the signs that names of rooms and windows are made of.
//! What is not among them is named when a pack is made, and said by its figures. Pure.

/// Signs by their reading, as they are read in such names.
const READINGS: &str = "\
qing3请 hao4号 dao4到道 jiu4就救 zhen3诊 men2门 kou3口 hou4候后 ling2零 yi1一医衣 er4二 san1三 si4四 wu3五午 liu4六 qi1七 \
ba1八 jiu3九 yao1幺腰 shi2十石 shi4室试视 chuang1窗 jian3检 cha2查 chou1抽 xue4血 cai3采彩 yang4样 hua4化 yan4验 \
yao4药 fang2房防 shou1收 fei4费肺 gua4挂 chu4处 lou2楼 ceng2层 qu1区 dong1东 xi1西吸 nan2南男 bei3北 nei4内 wai4外 \
er2儿 fu4妇复副附腹 chan3产 yan3眼 er3耳 bi2鼻 hou2喉 yan1咽烟 qiang1腔 pi2皮脾 fu1肤 ke1科 zhong1中 zhen1针 jiu3灸 \
tui1推 na2拿 chao1超 sheng1声生 xin1心新 dian4电 tu2图 fang4放 she4射摄 ying3影 xiang4像 zhu4注 shu1输 ye4液 huan4换患 \
zhi4治置制智 liao2疗 guan1观关 guan4灌 cha2察 ji2急级疾 qiang3抢 fen1分 dao3导 tai2台 fu2服 wu4务物雾 qian2前 hu4护 shi4士 \
zhan4站 shou3手 shu4术 kang1康 li3理 ti3体 zi1咨 xun2询 zhuan1专 jia1家加 te4特 xu1需 fa1发 re4热 ge2隔 li2离 jie1接 \
zhong3种 zhong4种 yi4疫 miao2苗 yu4预 bao3保 jian4健 gan1肝 wei4胃 chang2肠 jing4镜净 shen4肾 ya1压 tang2糖 niao4尿 \
bing4病 shen2神 jing1经精睛 gu3骨 zhong3肿 liu2瘤流 hu1呼 xiao1消 ru3乳 ya2牙 zheng4正证 ji1机肌 kang4抗 lao3老 \
nian2年 ren2人 nv3女 tong2童 jia3甲 xian4腺 yi3乙 bing3丙 ding1丁 mian3免 gan3感 ran3染 feng1风 shi1湿师 nao3脑 \
xiong1胸 chuang1创 shang1伤 shao1烧 mi4泌 gang1肛 xing4性 sheng4圣 yun4孕 tai1胎 jie2结 he2核合和 he4喝 zhi1支织 qi4气器 \
guan3管 da4大 xiao3小 zuo3左 you4右 shang4上 xia4下 guo4过 min3敏 bian4变 tong4痛 ma2麻 zui4醉 xiu1休 xi2息 deng3等 \
deng1登 ji4记计 zhu4住 yuan4院 ru4入 chu1出 fang1方 jian1间 ting1厅 qu3取 bao4报 gao4告 da3打 yin4印 zi4自 zhu4助 \
xiang1相 ban4办 gong1公 chou2筹 wei1微 chuan1穿 ci4刺 huo2活 zu3组 jiang1将 jiao4教 \
xue2学 yuan2元员园 bi4闭 kai1开 lin2临 chuang2床 ying2营 yang3养 shi2食 yi4意 jie3解 shen1身 cun1村 jun1军 shu1疏 jie3姐";

/// Words whose signs are read otherwise than elsewhere.
const WORDS: [(&str, &str); 2] = [("处置", "chu3 zhi4"), ("处方", "chu3 fang1")];

/// A text as a computer's voice reads it: `号诊室` is `hao4 zhen3 shi4`.
///
/// # Errors
/// The signs that have no reading here.
pub fn read(text: &str) -> Result<String, String> {
    let (mut read, mut unknown) = (Vec::new(), String::new());
    let mut rest = text;
    while let Some(sign) = rest.chars().next() {
        let word = WORDS.into_iter().find(|(word, _)| rest.starts_with(word));
        match word.map(|(_, syllables)| syllables).or_else(|| reading(sign)) {
            Some(syllables) => read.push(syllables),
            None => unknown.push(sign),
        }
        rest = &rest[word.map_or(sign.len_utf8(), |(word, _)| word.len())..];
    }
    if unknown.is_empty() { Ok(read.join(" ")) } else { Err(unknown) }
}

fn reading(sign: char) -> Option<&'static str> {
    let entry = READINGS.split(' ').find(|entry| entry.contains(sign) && !sign.is_ascii())?;
    Some(entry.trim_end_matches(|c: char| !c.is_ascii()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::announce::texts::DIGITS_ZH;
    use crate::voice::script::WORDS_ZH;

    #[test]
    fn what_every_announcement_says_can_be_read() {
        for words in WORDS_ZH.into_iter().chain(DIGITS_ZH).chain(["幺", "十", "号诊室", "窗口", "检查室", "抽血处"])
        {
            read(words).unwrap_or_else(|unknown| panic!("{words}: {unknown}"));
        }
        assert_eq!(read("号诊室").as_deref(), Ok("hao4 zhen3 shi4"));
        assert_eq!(read("门口候诊").as_deref(), Ok("men2 kou3 hou4 zhen3"));
        assert_eq!(read("收费处").as_deref(), Ok("shou1 fei4 chu4"));
        assert_eq!(read("处置室").as_deref(), Ok("chu3 zhi4 shi4"));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        assert_eq!(read("鱻诊A室"), Err("鱻A".to_owned()));
    }

    #[test]
    fn every_entry_is_a_syllable_with_its_tone_and_signs() {
        for entry in READINGS.split(' ') {
            let syllable = entry.trim_end_matches(|c: char| !c.is_ascii());
            assert!(!syllable.is_empty() && syllable.len() < entry.len(), "{entry}");
            let (letters, tone) = syllable.split_at(syllable.len() - 1);
            assert!(letters.bytes().all(|byte| byte.is_ascii_lowercase()) && "1234".contains(tone), "{entry}");
        }
    }
}
