//! What a scanner reads from a slip or a phone: the ticket's id with a check that nobody makes up. A ticket's id alone is
//! no secret, its neighbour's is one digit away.

use data_encoding::BASE32_NOPAD;
use jiaohao_domain::{TicketId, is_well_formed};
use subtle::ConstantTimeEq;

use super::keys::Key;

/// Between the id and its check.
const SEPARATOR: char = '~';
/// Characters of the check: 50 bits.
const CHECK: usize = 10;

/// The code of a ticket, or of the ticket that an appointment will have.
pub fn of(area_key: &Key, ticket: &TicketId) -> String {
    format!("{ticket}{SEPARATOR}{}", check(area_key, ticket.as_str()))
}

/// The ticket of a code that this house has made.
pub fn read(area_key: &Key, code: &str) -> Option<TicketId> {
    let (id, given) = code.trim().split_once(SEPARATOR)?;
    let is_ours = check(area_key, id).as_bytes().ct_eq(given.to_ascii_uppercase().as_bytes());
    (is_well_formed(id) && bool::from(is_ours)).then(|| TicketId::from(id))
}

fn check(area_key: &Key, id: &str) -> String {
    let mut check = BASE32_NOPAD.encode(&area_key.mac(&[b"ticket", id.as_bytes()]));
    check.truncate(CHECK);
    check
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_by_its_house_and_a_made_up_one_by_nobody() {
        let key = Key::from_bytes([3; 32]);
        let ticket = TicketId::from("s.d.t7");
        let code = of(&key, &ticket);
        assert_eq!(read(&key, &format!(" {} ", code.to_lowercase().replace("S.D.T7", "s.d.t7"))), Some(ticket));
        assert_eq!(read(&Key::from_bytes([4; 32]), &code), None, "of another house");
        assert_eq!(read(&key, &code.replace("t7", "t8")), None, "the neighbour's");
        for made_up in ["", "~", "s.d.t7", "s.d.t7~", "s.d.t7~AAAAAAAAAA"] {
            assert_eq!(read(&key, made_up), None, "{made_up}");
        }
    }
}
