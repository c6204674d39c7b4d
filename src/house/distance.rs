//! How far things are from each other along the ground, and of a phone whether it is certainly far from the hospital where it
//! says that somebody has come. Of a phone's position nothing leaves here but whole kilometres.

use std::time::Duration;

use jiaohao_domain::redacted::Redacted;
use jiaohao_domain::site::State;
use jiaohao_domain::vocabulary::{Described, PhonePosition, ToDepartment};
use jiaohao_domain::{DepartmentId, Role};

use super::{House, site};
use crate::engine::in_time;
use crate::identity::tokens::Claims;

/// No arrival waits longer for its hospital to say where it is.
const SITE_WITHIN: Duration = Duration::from_millis(500);

/// Degrees north and east.
pub(super) type Degrees = (f64, f64);

/// Where a site says that it is.
pub(super) fn place_of(described: &Described) -> Option<Degrees> {
    let degrees = |e6: i32| f64::from(e6) / 1e6;
    described.latitude_e6.map(degrees).zip(described.longitude_e6.map(degrees))
}

/// By the haversine formula on a ball of 6,371 km.
pub(super) fn metres((north, east): Degrees, (other_north, other_east): Degrees) -> u32 {
    let half = |from: f64, to: f64| ((to - from).to_radians() / 2.0).sin().powi(2);
    let across = north.to_radians().cos() * other_north.to_radians().cos();
    let chord = half(north, other_north) + across * half(east, other_east);
    (2.0 * 6_371_000.0 * chord.sqrt().min(1.0).asin()).round() as u32
}

/// Whole kilometres, if the phone is farther than `far_m` from there wherever it is within what it knows; else none.
fn far_km(phone: &PhonePosition, from: Degrees, far_m: u32) -> Option<u32> {
    let metres = metres((phone.latitude_deg, phone.longitude_deg), from);
    (f64::from(metres) - phone.accuracy_m > f64::from(far_m)).then_some((metres + 500) / 1000)
}

impl House {
    /// The arrival, with how far away its phone is where that is far. Nobody is kept waiting or out for it; staff and kiosks
    /// stand there.
    pub(super) async fn with_distance(
        &self,
        claims: &Claims,
        at: &DepartmentId,
        phone: Option<Redacted<PhonePosition>>,
        arrival: ToDepartment,
    ) -> ToDepartment {
        let Some(phone) = phone.filter(|_| claims.role == Role::Patient) else { return arrival };
        let place = |state: &State| state.described.get(state.id.as_str()).and_then(place_of);
        let from = in_time(SITE_WITHIN, self.shell.read(site(at.as_str()), place)).await.ok().flatten();
        match from.and_then(|from| far_km(phone.reveal(), from, self.settings.arrival.far_m)) {
            Some(km) => ToDepartment::FromAfar { arrival: Box::new(arrival), km },
            None => arrival,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEOPLE_SQUARE: Degrees = (31.231_706, 121.472_644);

    #[test]
    fn metres_are_those_of_a_map() {
        assert_eq!(metres(PEOPLE_SQUARE, PEOPLE_SQUARE), 0);
        let airport = metres(PEOPLE_SQUARE, (31.144_344, 121.808_273));
        assert!((33_000..34_000).contains(&airport), "{airport}");
        assert!((20_014_000..20_016_000).contains(&metres((90.0, 0.0), (-90.0, 0.0))), "from pole to pole");
    }

    #[test]
    fn only_a_phone_that_is_certainly_far_is_far() {
        let far = |north: f64, accuracy_m: f64, far_m: u32| {
            let phone = PhonePosition { latitude_deg: north, longitude_deg: PEOPLE_SQUARE.1, accuracy_m };
            far_km(&phone, PEOPLE_SQUARE, far_m)
        };
        // 3,003 m to the north.
        let north = PEOPLE_SQUARE.0 + 0.027_007;
        assert_eq!(far(north, 20.0, 1_000), Some(3));
        assert_eq!(far(north, 1_999.0, 1_000), Some(3), "at least 1,004 m");
        assert_eq!(far(north, 2_003.0, 1_000), None, "it may be as near as 1,000 m");
        assert_eq!(far(north, 20.0, 3_000), None, "that is not far here");
        assert_eq!(far(PEOPLE_SQUARE.0, 0.0, 500), None);
        assert_eq!(far(PEOPLE_SQUARE.0 + 0.004_6, 5.0, 500), Some(1), "never nought");
    }
}
