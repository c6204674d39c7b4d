//! `GET /api/v1/reports`: a report as JSON, or as a table for a spreadsheet (`Accept: text/csv`).

use actix_web::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::{HttpRequest, HttpResponse, web};
use jiaohao_domain::vocabulary::Language;
use jiaohao_domain::{Code, Rejection};
use serde_json::Value;

use super::Door;
use super::problem::Problem;
use super::queries::ReportQuery;
use super::requests::Deed;

/// A spreadsheet in Chinese takes a file without it for GB 18030.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Columns of figures: field, Chinese, English.
const FIGURES: &[(&str, &str, &str)] = &[
    ("came", "到院人次", "came"),
    ("booked", "预约", "booked"),
    ("walk_ins", "现场号", "walk-ins"),
    ("seen", "已看", "seen"),
    ("missed", "过号次数", "calls missed"),
    ("no_shows", "爽约", "no-shows"),
    ("cancelled", "按时取消", "cancelled in time"),
    ("given_back", "过时退号", "given back late"),
    ("left", "中途退号", "left the queue"),
    ("transferred", "转科", "transferred"),
    ("return_day", "改日再来", "return on another day"),
    ("refunded", "退费", "refunded"),
    ("open", "未结束", "not ended"),
    ("tests", "去检查次数", "sent for tests"),
    ("waits", "等候人次", "waits"),
    ("wait_p50_min", "等候中位数(分钟)", "median wait (min)"),
    ("wait_p90_min", "九成的人等候不超过(分钟)", "9 of 10 waited within (min)"),
    ("long_waits", "等候超过30分钟", "waits over 30 min"),
    ("late_starts", "晚开诊次数", "late starts"),
    ("late_min", "晚开诊(分钟)", "late by (min)"),
    ("pauses", "暂停次数", "pauses"),
    ("paused_min", "暂停(分钟)", "paused (min)"),
    ("ratings", "评价数", "ratings"),
    ("stars", "平均星数", "mean stars"),
];

/// What a report by cause counts: code, Chinese, English.
const CAUSES: &[(&str, &str, &str)] = &[
    ("end", "怎么结束的", "how it ended"),
    ("wait", "为什么等得久", "why a wait was long"),
    ("seen", "看完", "seen"),
    ("no_show", "爽约,没有来", "no-show"),
    ("cancelled", "按时取消预约", "appointment cancelled in time"),
    ("given_back", "过了时间才退号", "given back late"),
    ("left", "来了,中途退号", "came and left the queue"),
    ("transferred", "转到别的科室", "transferred to another department"),
    ("return_day", "改日再来", "comes back on another day"),
    ("refunded", "没看,退费", "not seen, money back"),
    ("open", "还没结束", "not ended yet"),
    ("late_start", "医生晚开诊", "the doctor began late"),
    ("paused", "医生暂停叫号", "the doctor paused"),
    ("inserted", "前面插了回诊、过号、优先的人", "returning, missed or priority patients were put before"),
    ("over_planned", "来的人比号源多", "more people came than places"),
    ("other", "看诊本身用的时间", "the consultations themselves"),
];

/// See the module.
pub async fn read(request: HttpRequest, door: web::Data<Door>) -> Result<HttpResponse, Problem> {
    let query = web::Query::<ReportQuery>::from_query(request.query_string());
    let what = "site, from=YYYY-MM-DD, to=YYYY-MM-DD and by=doctor|week|department|cause";
    let query = query.map_err(|_| Rejection::new(Code::Malformed, what))?.into_inner();
    let accepts = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if !accepts.split(',').any(|kind| kind.trim().starts_with("text/csv")) {
        return door.deed(&request, Deed::ReadReports(query)).await;
    }
    let (language, by) = (query.language, query.by);
    let report = door.deed_value(&request, Deed::ReadReports(query)).await?;
    let file = format!("jiaohao-{}-{}-{}.csv", words(&report["by"]), words(&report["from"]), words(&report["to"]));
    let table = table(&report, language).map_err(|error| {
        tracing::error!(%error, ?by, "a report could not be written as a table");
        Rejection::from(Code::Internal)
    })?;
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{file}\"")))
        .body(table))
}

/// The report as a table. What is missing in it has the last lines: nobody is to take the sum of a part for the whole.
fn table(report: &Value, language: Language) -> Result<Vec<u8>, csv::Error> {
    let mut file = csv::Writer::from_writer(BYTE_ORDER_MARK.as_bytes().to_vec());
    let name = |zh: &'static str, en: &'static str| if language == Language::Zh { zh } else { en };
    let mut columns = 2 + FIGURES.len();
    if report["by"] == "cause" {
        file.write_record([name("类别", "kind"), name("原因", "cause"), name("次数", "count")])?;
        columns = 3;
        for one in report["causes"].as_array().into_iter().flatten() {
            let [of, cause] = [&one["of"], &one["cause"]].map(|code| {
                let code = words(code);
                CAUSES.iter().find(|(known, ..)| *known == code).map_or(code, |(_, zh, en)| name(zh, en).to_owned())
            });
            file.write_record([of, cause, words(&one["count"])].map(|text| cell(&text)))?;
        }
    } else {
        let first = match report["by"].as_str() {
            Some("week") => name("周(周一)", "week from"),
            Some("department") => name("科室", "department"),
            _ => name("医生或科室", "doctor or department"),
        };
        let heads = FIGURES.iter().map(|(_, zh, en)| name(zh, en));
        file.write_record([first, name("编号", "id")].into_iter().chain(heads))?;
        for row in report["rows"].as_array().into_iter().flatten() {
            let id = ["doctor", "department"].map(|key| words(&row[key])).concat();
            let called = if row["week"].is_null() { called(row, language) } else { words(&row["week"]) };
            let figures = FIGURES.iter().map(|(field, ..)| words(&row["figures"][*field]));
            file.write_record([called, id].into_iter().chain(figures).map(|text| cell(&text)))?;
        }
    }
    let mut miss = |what: &str, which: &str| {
        let rest = std::iter::repeat_n("", columns - 2);
        file.write_record([what, &cell(which)].into_iter().chain(rest))
    };
    for id in report["silent"].as_array().into_iter().flatten() {
        miss(name("数不全:这个科室没有回答", "incomplete: this department did not answer"), &words(id))?;
    }
    if let Some(rows @ 1..) = report["rows_left_out"].as_u64() {
        miss(name("数不全:没有列出的行数", "incomplete: rows left out"), &rows.to_string())?;
    }
    if let Some(monday) = report["ratings_open_from"].as_str() {
        miss(name("评价还在收,先不算的周,从", "ratings not all in, not counted: weeks from"), monday)?;
    }
    file.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

fn called(row: &Value, language: Language) -> String {
    let english = words(&row["name_en"]);
    if language == Language::En && !english.is_empty() { english } else { words(&row["name"]) }
}

fn words(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What somebody has called a doctor is no formula; a spreadsheet set to Chinese or Japanese takes the wide signs for the narrow
/// ones.
fn cell(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lines(report: &Value, language: Language) -> Vec<String> {
        let text = String::from_utf8(table(report, language).expect("a table")).expect("UTF-8");
        let text = text.strip_prefix(BYTE_ORDER_MARK).expect("a spreadsheet in Chinese opens it");
        text.lines().map(str::to_owned).collect()
    }

    fn report(name: &str) -> Value {
        let figures: serde_json::Map<String, Value> =
            FIGURES.iter().map(|(field, ..)| ((*field).to_owned(), json!(7))).collect();
        let row = json!({"doctor": "s.li", "department": null, "week": null, "name": name, "name_en": "", "figures": figures});
        json!({"by": "doctor", "rows": [row], "causes": []})
    }

    #[test]
    fn a_report_is_a_table_that_a_spreadsheet_opens() {
        let lines = lines(&report("李明"), Language::Zh);
        assert_eq!(lines.len(), 2);
        assert!(lines[0].starts_with("医生或科室,编号,到院人次,"), "{}", lines[0]);
        assert_eq!(lines[1], format!("李明,s.li{}", ",7".repeat(FIGURES.len())));
        assert_eq!(lines[0].split(',').count(), lines[1].split(',').count());
    }

    #[test]
    fn no_name_becomes_a_formula_and_none_breaks_its_line() {
        for (name, cell) in [
            ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@a", "'@a"),
            ("＝HYPERLINK(1)", "'＝HYPERLINK(1)"),
            ("＋1", "'＋1"),
            ("－1", "'－1"),
            ("＠a", "'＠a"),
            ("a,b", "\"a,b\""),
            ("a\"b", "\"a\"\"b\""),
            ("李=明", "李=明"),
        ] {
            let line = &lines(&report(name), Language::En)[1];
            assert!(line.starts_with(&format!("{cell},s.li,7")), "{line}");
        }
    }

    #[test]
    fn what_is_missing_is_said_in_the_table_too() {
        let mut whole = report("李明");
        (whole["silent"], whole["rows_left_out"]) = (json!([]), json!(0));
        assert_eq!(lines(&whole, Language::Zh).len(), 2, "nothing is");
        (whole["silent"], whole["rows_left_out"]) = (json!(["s.nei", "s.wai"]), json!(12));
        let zh = lines(&whole, Language::Zh);
        let rest = ",".repeat(FIGURES.len());
        let expected = [("这个科室没有回答", "s.nei"), ("这个科室没有回答", "s.wai"), ("没有列出的行数", "12")];
        assert_eq!(zh[2..], expected.map(|(what, which)| format!("数不全:{what},{which}{rest}")));
        let en = lines(&whole, Language::En);
        assert_eq!(en[2], format!("incomplete: this department did not answer,s.nei{rest}"));
        (whole["silent"], whole["rows_left_out"], whole["ratings_open_from"]) =
            (json!([]), json!(0), json!("2026-11-23"));
        let open = lines(&whole, Language::En);
        assert_eq!(open[2], format!("\"ratings not all in, not counted: weeks from\",2026-11-23{rest}"));
        let causes = json!([{"of": "end", "cause": "seen", "count": 3}]);
        let by_cause = json!({"by": "cause", "rows": [], "causes": causes, "silent": ["s.nei"], "rows_left_out": 0});
        assert_eq!(lines(&by_cause, Language::Zh)[2], "数不全:这个科室没有回答,s.nei,");
    }

    #[test]
    fn causes_have_a_line_each() {
        let causes = json!([{"of": "end", "cause": "seen", "count": 3}, {"of": "wait", "cause": "paused", "count": 0}]);
        let report = json!({"by": "cause", "rows": [], "causes": causes});
        let en = ["kind,cause,count", "how it ended,seen,3", "why a wait was long,the doctor paused,0"];
        assert_eq!(lines(&report, Language::En), en);
        assert_eq!(lines(&report, Language::Zh)[2], "为什么等得久,医生暂停叫号,0");
        let date = jiaohao_domain::BusinessDate::from_compact("20261123").expect("a date");
        let all = jiaohao_domain::report::report(jiaohao_domain::report::By::Cause, vec![], date, date, date).causes;
        for cause in all {
            let has_words = |code| CAUSES.iter().any(|(known, ..)| *known == code);
            assert!(has_words(cause.of) && has_words(cause.cause), "{cause:?}");
        }
    }
}
