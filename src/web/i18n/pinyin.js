// How the characters that names of a hospital are made of are spelt in Latin letters: for proposing ids. One reading each,
// the one that names have; what is not here is left out of a proposal.

/** Spelling, then the characters spelt so. */
const SPELT = `ai艾爱 an安 ao敖 ba八巴 bai白百柏 ban班 bao包宝保鲍 bei北贝备 ben本 bi毕碧 biao标 bin斌宾滨彬 bing冰兵病丙 bo波博伯 bu卜部
cai蔡彩才财 can灿 cao曹 ce测 cen岑 cha查 chai柴 chan产 chang昌长常畅 chao超朝超 che车 chen陈晨辰沉 cheng程成城诚承 chi池 chong崇 chu楚储 chuan川传 chuang窗创 chun春纯 ci慈次 cong丛聪 cui崔翠
da大达 dai戴代 dan丹单 dang党 dao道导 de德 deng邓登 di第地迪 dian典电点 ding丁定 dong东董冬 dou窦 du杜都 duan段 dun敦 duo多
e娥 en恩 er二儿耳 fa发法 fan范凡樊 fang方芳房放 fei飞菲费肺 fen分芬 feng冯风峰丰锋凤 fu付傅福富妇复肤扶府 gan干甘肝感 gang刚钢港 gao高 ge葛戈格 gen根 geng耿 gong龚宫工公功 gu顾古谷骨 gua挂 guan关官管冠 guang光广 gui桂贵归 guo郭国果
hai海 han韩汉涵 hang杭航 hao郝浩好号豪昊 he何和贺河核荷赫 hei黑 heng恒衡 hong洪红宏鸿虹 hou侯候后厚 hu胡虎湖户护呼 hua华花化 huai怀 huan环欢焕 huang黄 hui惠慧会辉晖回 huo霍
ji纪季吉急集级济基继极 jia贾家佳嘉甲加 jian建健简检剑间 jiang江姜蒋将 jiao焦娇交 jie杰洁街介结 jin金今进锦晋筋 jing静京井经景晶精敬 jiu九 ju居菊巨 juan娟 jue觉 jun军君俊均菌
kai凯开 kang康抗 ke科柯可客 kong孔空 kou口 kuai快 kuan宽 kuang匡 la拉 lai赖来 lan兰蓝岚 lang郎朗 lao老 le乐 lei雷蕾磊 leng冷 li李力丽利立黎理里莉礼历 lian连廉莲联 liang梁良亮 liao廖疗 lie列 lin林琳临霖 ling凌玲灵岭 liu刘柳六流留 long龙隆 lou楼 lu卢陆路鲁露禄 luan卵 lun伦 luo罗洛骆 lv吕绿
ma马麻 man满曼慢 mao毛茂 mei梅美妹眉 men门 meng孟蒙梦 mi米泌秘 mian免面 miao苗妙 min民敏闵 ming明名鸣铭 mo莫 mu木牧穆 na娜那 nan南男楠 nao脑 ne讷 nei内 neng能 ni倪尼 nian年 niao尿 ning宁 niu牛 nong农 nv女 ou欧
pan潘盘 pang庞 pei裴培佩 peng彭鹏 pi皮脾 pian片 pin品 ping平萍屏 po坡 pu普浦 qi齐七祁期奇琪器气 qian钱前千 qiang强腔 qiao乔桥 qin秦琴勤钦亲 qing青清庆晴轻情 qiu邱秋丘 qu曲区屈 quan全权泉 qun群
ran冉然 re热 ren人任仁 ri日 rong荣容蓉 rou柔 ru茹乳 ruan阮软 rui瑞锐 run润 sa萨 san三 sang桑 se色 sen森 sha沙 shan山单珊善 shang尚上 shao邵少 she佘社 shen沈神申深肾 sheng盛生胜声升 shi市石施室史世十诗师时视 shou手首寿 shu舒淑书树输 shuai帅 shuang双 shui水 shun顺 si司四思斯 song宋松 su苏素 sui隋 sun孙 suo索
ta塔 tai太泰台 tan谭谈 tang唐汤堂 tao陶涛桃 teng滕疼腾 ti体 tian田天甜 tie铁 ting婷庭亭厅听 tong童同通统痛 tou头 tu涂图 tuo拓 wai外 wan万婉湾 wang王汪旺望 wei魏韦卫伟薇微维胃位巍 wen温文闻 weng翁 wo沃 wu吴武五午伍舞务
xi西习席希喜细系吸 xia夏下霞 xian县贤先仙 xiang向香祥湘翔 xiao肖小晓消孝潇 xie谢协写 xin辛心新欣馨鑫信 xing邢兴星行性杏 xiong熊雄胸 xiu秀修 xu徐许旭须 xuan宣轩 xue薛雪学血 xun荀巡
ya亚雅牙 yan颜严燕岩眼炎验妍艳言 yang杨阳洋样养 yao姚药要腰 ye叶业夜 yi一易伊义艺医怡依益毅 yin尹殷银音引阴 ying英颖应影盈 yong勇永咏 you尤游友有优右幼 yu于余俞郁玉宇雨语育愈预瑜 yuan袁元院园媛远 yue月岳悦跃 yun云运芸韵
zai在 zao早 zeng曾增 zha查 zhai翟 zhan詹战站 zhang张章 zhao赵照昭 zhe哲浙 zhen真镇珍诊振甄贞 zheng郑正政征症 zhi志智治之支枝肢直 zhong钟中仲忠重肿 zhou周洲舟 zhu朱祝主竹住珠注 zhuan专转 zhuang庄 zhui椎 zhuo卓 zi子自紫 zong宗综 zou邹 zu祖足 zuo左`;

/** @type {Object<string, string>} */
const SPELLING = {};
for (const word of SPELT.split(/\s+/)) {
  const [, latin, characters] = /** @type {RegExpExecArray} */ (/^([a-z]+)(.*)$/.exec(word));
  for (const one of characters) SPELLING[one] = SPELLING[one] || latin;
}

/** What an id of a kind is better without, where something is left. @type {Object<string, RegExp>} */
const GENERIC = { department: /(?<=..)科$/, queue: /(?<=..)(?:医生)?(?:门诊|队列)$/, doctor: /(?<=..)医生$/, board: /候诊[区屏]?/ };
/** A window by its number, and whatever else has a number by that. */
const WINDOW = /窗/;

/**
 * A name in Latin letters, digits and hyphens; empty when nothing of it is known.
 * @param {string} name @param {string} kind
 */
export function spelt(name, kind) {
  const number = /\d+/.exec(name);
  if (kind === 'service_point' && number) return `${WINDOW.test(name) ? 'w' : 'r'}${number[0]}`;
  const own = name.replace(GENERIC[kind] || /$^/, '');
  const letters = Array.from(own, (one) => SPELLING[one] || (/[a-z0-9]/i.test(one) ? one.toLowerCase() : /[\u4e00-\u9fff’']/.test(one) ? '' : '-'));
  return letters.join('').replace(/-+/g, '-').replace(/^-|-$/g, '').slice(0, 32);
}

/** Family names of two characters. */
const COMPOUND = /^(?:欧阳|司马|上官|诸葛|司徒|夏侯|皇甫|慕容)/;

/** A person's name in Latin letters, family name first (`Li Ming`), to be looked at; empty where it is not sure. @param {string} name */
export function romanised(name) {
  const own = name.trim();
  const letters = Array.from(own, (one) => (/[\u4e00-\u9fff]/.test(one) ? SPELLING[one] || '' : '').replace(/^([ln])v/, '$1yu'));
  if (letters.length < 2 || letters.length > 4 || letters.some((one) => !one)) return '';
  const family = COMPOUND.test(own) && letters.length > 2 ? 2 : 1;
  const capital = (/** @type {string[]} */ part) => part.join('').replace(/^./, (first) => first.toUpperCase());
  return `${capital(letters.slice(0, family))} ${capital(letters.slice(family))}`;
}
