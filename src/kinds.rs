//! The kinds of owners that this program runs, each registered once.

use jiaohao_actors::shell::kinds::Kinds;
use jiaohao_domain::account::Account;
use jiaohao_domain::department::Department;
use jiaohao_domain::doctor::Doctor;
use jiaohao_domain::patient::Patient;
use jiaohao_domain::site::Site;
use jiaohao_queue_display::announce::rules::Board;
use jiaohao_signaling::room::rules::Room;

/// All of them.
pub fn kinds() -> Kinds {
    let kinds = Kinds::default()
        .with::<Site>()
        .with::<Department>()
        .with::<Doctor>()
        .with::<Patient>()
        .with::<Account>()
        .with::<Board>()
        .with::<Room>();
    #[cfg(feature = "planted-bugs")]
    let kinds = if crate::planted::is("I10") { kinds.with::<crate::planted::Drifting>() } else { kinds };
    #[cfg(feature = "planted-bugs")]
    let is_faulty = crate::planted::is("deaf") || crate::planted::may_break();
    #[cfg(feature = "planted-bugs")]
    let kinds = if is_faulty { kinds.with::<crate::planted::Faulty>() } else { kinds };
    kinds
}
