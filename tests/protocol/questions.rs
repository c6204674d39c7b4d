//! What a site asks before somebody joins a queue, for a while of the day.

use serde_json::json;

use crate::clinic::Clinic;

impl Clinic {
    /// Asked, answered, an alert that is heard, and asked no more.
    pub async fn questions(&self, operator: &str, desk: &str) {
        self.ask("GET", "/questions/usual?site=s", None, None).await;
        let words = |zh: &str| json!({"zh": zh, "en": ""});
        let asks = json!({"site": "s", "version": 1, "questions": [
            {"id": "cough", "text": words("咳嗽吗?"), "kind": "choice",
                "choices": [{"id": "no", "text": words("不")}, {"id": "long", "text": words("很久了")},
                    {"id": "blood", "text": words("带血")}]},
        ], "rules": [{"id": "long_cough", "when": {"any": [{"question": "cough", "is": ["long"]}]},
            "does": {"alert": {"level": "notice", "text": words("请看一看")}}},
            {"id": "blood", "when": {"any": [{"question": "cough", "is": ["blood"]}]},
            "does": {"send_to": {"department": "s.e"}}}]});
        self.ask("PUT", "/questions", Some(operator), Some(&asks)).await;
        self.until_event("site:s", "questions_defined").await;
        let who = self.person(desk, "E22222222", "上官云").await;
        let asked = json!({"queue": "s.d.q", "patient": who});
        let refused = self.door.ask("POST", "/tickets", Some(desk), Some(&asked)).await.unwrap_err();
        assert_eq!(refused.code, "questions_changed");
        let mut answered = asked;
        answered["pre_check"] = json!({"version": 1, "answers": {"cough": "long"}});
        let ticket = self.post("/tickets", Some(desk), answered).await;
        self.until_event("queue:s.d.q", "pre_checked").await;
        let heard = json!({"ticket": ticket["ticket"]});
        self.post("/tickets/acknowledge-alert", Some(desk), heard).await;
        self.until_event("queue:s.d.q", "alert_acknowledged").await;
        let path = format!("/tickets/{}/pre-check", ticket["ticket"].as_str().unwrap());
        let said = self.ask("GET", &path, Some(desk), None).await;
        assert_eq!(said, json!({"answers": {"cough": "long"}, "not_asked": null, "all_the_same": null}));
        self.post("/tickets/cancel", Some(desk), json!({"ticket": ticket["ticket"], "reason": "went home"})).await;
        self.sent_on(operator, desk).await;
        let no_more = json!({"site": "s", "version": 2, "questions": [], "rules": []});
        self.ask("PUT", "/questions", Some(operator), Some(&no_more)).await;
    }

    /// Sent to another department: without a ticket, then to a queue that is none, then not asked, and let in all the
    /// same when it is asked afterwards. The audit says
    /// of none of it why.
    async fn sent_on(&self, operator: &str, desk: &str) {
        let who = self.person(desk, "E33333333", "诸葛亮").await;
        let mut answered = json!({"queue": "s.d.q", "patient": who});
        answered["pre_check"] = json!({"version": 1, "answers": {"cough": "blood"}});
        let refused = self.door.ask("POST", "/tickets", Some(desk), Some(&answered)).await.unwrap_err();
        assert_eq!(refused.code, "sent_elsewhere");
        self.until_event("queue:s.d.q", "sent_elsewhere").await;
        answered["pre_check"]["to"] = json!("s.e.nowhere");
        let refused = self.door.ask("POST", "/tickets", Some(desk), Some(&answered)).await.unwrap_err();
        assert_eq!(refused.code, "unknown_id");
        answered["pre_check"] = json!({"not_asked": "in a hurry"});
        let ticket = self.post("/tickets", Some(desk), answered).await;
        // Asked afterwards.
        let mut afterwards =
            json!({"ticket": ticket["ticket"], "pre_check": {"version": 1, "answers": {"cough": "blood"}}});
        let refused = self.door.ask("POST", "/tickets/pre-check", Some(desk), Some(&afterwards)).await.unwrap_err();
        assert_eq!(refused.code, "sent_elsewhere");
        afterwards["pre_check"]["all_the_same"] = json!("seen there");
        self.post("/tickets/pre-check", Some(desk), afterwards).await;
        let path = format!("/tickets/{}/pre-check", ticket["ticket"].as_str().unwrap());
        let said = self.ask("GET", &path, Some(desk), None).await;
        assert_eq!((&said["answers"]["cough"], &said["all_the_same"]), (&json!("blood"), &json!("seen there")));
        self.post("/tickets/cancel", Some(desk), json!({"ticket": ticket["ticket"], "reason": "went home"})).await;
        let outcomes = [
            ("register_walk_in", &who[..], &["not_done", "not_done", "done"][..]),
            ("answer_pre_check", ticket["ticket"].as_str().unwrap(), &["not_done", "done"]),
        ];
        for (what, about, expected) in outcomes {
            let asked = json!({"day": crate::clinic::today(), "about": about});
            let page = self.door.ask("POST", "/audit/read", Some(operator), Some(&asked)).await.unwrap();
            let lines = page["lines"].as_array().unwrap().iter().filter(|line| line["what"] == what);
            let outcomes: Vec<&serde_json::Value> = lines.map(|line| &line["outcome"]).collect();
            assert_eq!(outcomes, expected, "{page}");
        }
    }
}
