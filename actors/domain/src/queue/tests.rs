//! DOMAIN's examples of who is next, each as a test vector, and what each settings alternative does.

use super::*;

#[test]
fn the_defaults_can_be_used() {
    assert_eq!(QueueSettings::default().problem(), None);
}
