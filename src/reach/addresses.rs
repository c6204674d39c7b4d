//! Which addresses are of the open network: a push endpoint comes from a stranger's browser and must not lead into the
//! hospital's own networks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether it is an address of the open network (IANA's special-purpose registries, RFC 6890).
pub fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

/// Endings of names that stand for this machine or its own network (RFC 6761, 6762, 8375; ICANN's `internal`).
const LOCAL: [&str; 6] = ["localhost", "local", "internal", "home.arpa", "invalid", "test"];

/// Whether a name may be of the open network: it has a dot, does not end in a number that resolvers take for an address
/// (`127.1`, `0x7f000001`), and is not of this machine's own network. Where it leads is seen when it is looked up.
pub fn is_public_name(host: &str) -> bool {
    let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    let Some((_, last)) = name.rsplit_once('.') else { return false };
    let is_local = |end: &&str| name.strip_suffix(*end).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    last.starts_with(|first: char| first.is_ascii_alphabetic()) && !LOCAL.iter().any(is_local)
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let is_special = ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_documentation()
        || ip.is_multicast()
        || a == 0
        || a >= 240
        // shared by carriers, by protocols, by relays of IPv6, for measuring
        || (a == 100 && (64..128).contains(&b))
        || (a, b, c) == (192, 0, 0)
        || (a, b, c) == (192, 88, 99)
        || (a == 198 && (18..20).contains(&b));
    !is_special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [first, second, ..] = ip.segments();
    // what translates to IPv4 is as good as that address
    let [.., c, d] = ip.segments();
    let embedded = Ipv4Addr::from((u32::from(c) << 16) | u32::from(d));
    if ip.segments()[..6] == [0x64, 0xff9b, 0, 0, 0, 0] {
        return is_public_v4(embedded);
    }
    // only 2000::/3 is given out; of that not for protocols and Teredo, documentation, 6to4
    (0x2000..0x4000).contains(&first)
        && !(first == 0x2001 && second < 0x200)
        && !(first == 0x2001 && second == 0xdb8)
        && !(first == 0x3fff && second < 0x1000)
        && first != 0x2002
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_this_machine_and_numbers_are_not_of_the_open_network() {
        for open in ["push.example", "fcm.googleapis.com", "FCM.googleapis.com.", "a.notlocal.cn", "127.0.0.1.nip.io"] {
            assert!(is_public_name(open), "{open}");
        }
        for inner in [
            "localhost",
            "LOCALHOST.",
            "x.localhost",
            "printer.local",
            "db.internal",
            "nas.home.arpa",
            "intranet",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "10.0.0.0x1",
            "",
            ".",
        ] {
            assert!(!is_public_name(inner), "{inner}");
        }
    }

    #[test]
    fn only_the_open_network_is_public() {
        let public = |text: &str| is_public(text.parse().expect("an address"));
        for open in
            ["8.8.8.8", "223.5.5.5", "100.128.0.1", "172.32.0.1", "2400:3200::1", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8"]
        {
            assert!(public(open), "{open}");
        }
        for inner in [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.0.0.8",
            "192.168.1.1",
            "198.19.0.1",
            "203.0.113.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::8.8.8.8",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "fc00::1",
            "fe80::1",
            "ff02::1",
        ] {
            assert!(!public(inner), "{inner}");
        }
    }
}
