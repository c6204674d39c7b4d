//! Every command of the vocabulary under a resource path: same names, same fields, same checks as on the socket.

/// Method, path under `/api/v1`, command. The body is the command's object.
pub const RESOURCES: &[(&str, &str, &str)] = &[
    ("PUT", "/sites", "define_site"),
    ("PUT", "/departments", "define_department"),
    ("PUT", "/service-points", "define_service_point"),
    ("PUT", "/boards", "define_board"),
    ("PUT", "/queues", "define_queue"),
    ("PUT", "/sessions", "define_session"),
    ("PUT", "/doctors", "define_doctor"),
    ("PUT", "/staff", "define_staff"),
    ("PUT", "/questions", "define_questions"),
    ("POST", "/departments/retire", "retire_department"),
    ("POST", "/service-points/retire", "retire_service_point"),
    ("POST", "/boards/retire", "retire_board"),
    ("POST", "/queues/retire", "retire_queue"),
    ("POST", "/sessions/retire", "retire_session"),
    ("POST", "/doctors/retire", "retire_doctor"),
    ("POST", "/staff/retire", "retire_staff"),
    ("POST", "/screens/approve", "approve_screen"),
    ("POST", "/screens/revoke", "revoke_screen"),
    ("POST", "/appointments/hold", "hold_slot"),
    ("POST", "/appointments/confirm", "confirm_appointment"),
    ("POST", "/appointments", "book_slot"),
    ("POST", "/appointments/cancel", "cancel_appointment"),
    ("POST", "/appointments/prolong", "prolong_hold"),
    ("POST", "/appointments/correct-no-show", "correct_no_show"),
    ("POST", "/appointments/restore", "restore_appointment"),
    ("POST", "/appointments/check-in", "check_in"),
    ("POST", "/tickets/report-back", "report_back"),
    ("POST", "/tickets/cancel", "cancel_ticket"),
    ("POST", "/tickets/rate", "rate_visit"),
    ("POST", "/tickets", "register_walk_in"),
    ("POST", "/tickets/return", "register_return"),
    ("POST", "/tickets/pre-check", "answer_pre_check"),
    ("POST", "/tickets/acknowledge-alert", "acknowledge_alert"),
    ("POST", "/tickets/priority", "set_priority"),
    ("POST", "/tickets/transfer", "transfer_ticket"),
    ("POST", "/tickets/recall-transfer", "recall_transfer"),
    ("POST", "/tickets/undo", "undo"),
    ("POST", "/tickets/settle", "settle_tickets"),
    ("POST", "/sessions/close", "close_session"),
    ("POST", "/sessions/delay", "delay_session"),
    ("POST", "/sessions/stop", "stop_session"),
    ("POST", "/sessions/resume", "resume_session"),
    ("POST", "/work/start", "start_work"),
    ("POST", "/work/pause", "pause_work"),
    ("POST", "/work/resume", "resume_work"),
    ("POST", "/work/stop", "stop_work"),
    ("POST", "/calls/next", "call_next_patient"),
    ("POST", "/calls", "call_ticket"),
    ("POST", "/calls/recall", "recall_patient"),
    ("POST", "/tickets/start-service", "start_service"),
    ("POST", "/tickets/finish-service", "finish_service"),
    ("POST", "/tickets/send-for-tests", "send_for_tests"),
    ("POST", "/tickets/return-to-waiting", "return_to_waiting"),
    ("POST", "/tickets/mark-missed", "mark_missed"),
    ("POST", "/tickets/take-back", "take_back"),
    ("POST", "/family", "grant_relation"),
    ("POST", "/family/end", "end_relation"),
    ("POST", "/visits", "register_visit"),
    ("PATCH", "/visits", "change_visit"),
    ("POST", "/visits/cancel", "cancel_visit"),
    ("POST", "/announcements/shown", "report_shown"),
    ("POST", "/announcements/spoken", "report_spoken"),
    ("POST", "/notices/confirm", "confirm_notice"),
    ("POST", "/tickets/mark-reached", "mark_reached"),
    ("POST", "/channels/bind", "bind_channel"),
    ("POST", "/channels/unbind", "unbind_channel"),
    ("PUT", "/templates", "define_template"),
    ("POST", "/templates/retire", "retire_template"),
    ("PUT", "/exceptions", "except_days"),
    ("POST", "/exceptions/withdraw", "withdraw_exception"),
    ("PUT", "/planning", "define_planning"),
    ("PUT", "/quota-rules", "define_quota_rules"),
    ("PUT", "/reminder", "define_reminder"),
    ("POST", "/sessions/freeze", "freeze_session"),
    ("POST", "/sessions/plan", "plan_session"),
    ("PUT", "/payment", "define_payment"),
    ("POST", "/payments", "take_payment"),
    ("POST", "/refunds", "ask_refund"),
    ("POST", "/refunds/decide", "decide_refund"),
    ("POST", "/refunds/give", "give_refund"),
    ("POST", "/waitlist", "join_waitlist"),
    ("POST", "/waitlist/leave", "leave_waitlist"),
    ("POST", "/appointments/pay", "pay_appointment"),
    ("POST", "/refunds/retry", "retry_refund"),
    ("POST", "/releases/enter", "enter_release"),
    ("POST", "/releases/leave", "leave_release"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiaohao_domain::vocabulary::ClientCommand;

    use super::*;

    #[test]
    fn every_command_has_one_resource_and_every_resource_one_command() {
        let commands: BTreeSet<&str> = RESOURCES.iter().map(|(_, _, command)| *command).collect();
        assert_eq!(commands, ClientCommand::NAMES.iter().copied().collect());
        let paths: BTreeSet<_> = RESOURCES.iter().map(|(method, path, _)| (*method, *path)).collect();
        assert_eq!((paths.len(), commands.len()), (RESOURCES.len(), RESOURCES.len()));
    }
}
