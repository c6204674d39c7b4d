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
                "choices": [{"id": "no", "text": words("不")}, {"id": "long", "text": words("很久了")}]},
        ], "rules": [{"id": "long_cough", "when": {"any": [{"question": "cough", "is": ["long"]}]},
            "does": {"alert": {"level": "notice", "text": words("请看一看")}}}]});
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
        self.post("/tickets/cancel", Some(desk), json!({"ticket": ticket["ticket"], "reason": "went home"})).await;
        let no_more = json!({"site": "s", "version": 2, "questions": [], "rules": []});
        self.ask("PUT", "/questions", Some(operator), Some(&no_more)).await;
    }
}
