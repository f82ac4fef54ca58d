//! Which addresses are of the public internet.
//!
//! The tables are IANA's special-purpose address registries for IPv4 and IPv6: what
//! they do not mark as globally reachable, and multicast, is not public. Clouds keep
//! their metadata services on such addresses too, except for the one named below.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Networks that are not public, with the bits of their prefix.
const V4: &[([u8; 4], u32)] = &[
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    // The wire server of Azure: public by number, a metadata service by nature.
    ([168, 63, 129, 16], 32),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    // Multicast, reserved and broadcast.
    ([224, 0, 0, 0], 3),
];

/// Networks inside the global unicast 2000::/3 that are not public: by their first
/// two groups, with the bits of their prefix.
const V6: &[([u16; 2], u32)] = &[
    // Assignments for protocols, among them Teredo, which wraps IPv4 addresses.
    ([0x2001, 0x0000], 23),
    ([0x2001, 0x0db8], 32),
    // 6to4 wraps IPv4 addresses.
    ([0x2002, 0x0000], 16),
    ([0x3fff, 0x0000], 20),
];

/// Whether `address` is one that everybody on the internet reaches under this number.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => v4_is_public(address),
        IpAddr::V6(address) => match wrapped(address) {
            Some(address) => v4_is_public(address),
            None => v6_is_public(address),
        },
    }
}

fn v4_is_public(address: Ipv4Addr) -> bool {
    let bits = u32::from(address);
    !V4.iter()
        .any(|(network, prefix)| same_prefix(bits, u32::from_be_bytes(*network), *prefix))
}

fn v6_is_public(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let bits = u32::from(first) << 16 | u32::from(second);
    let inside = |network: &[u16; 2], prefix: u32| {
        let network = u32::from(network[0]) << 16 | u32::from(network[1]);
        same_prefix(bits, network, prefix)
    };
    inside(&[0x2000, 0], 3) && !V6.iter().any(|(network, prefix)| inside(network, *prefix))
}

fn same_prefix(a: u32, b: u32, prefix: u32) -> bool {
    (a ^ b).leading_zeros() >= prefix
}

/// The IPv4 address that an IPv6 address stands for: mapped (`::ffff:a.b.c.d`) or
/// translated by NAT64 (`64:ff9b::a.b.c.d`).
fn wrapped(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let last = || {
        let [.., a, b] = address.segments();
        Ipv4Addr::from(u32::from(a) << 16 | u32::from(b))
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => Some(last()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_or_not() {
        let check = |addresses: &str, want: bool| {
            for address in addresses.split_whitespace() {
                assert_eq!(is_public(address.parse().unwrap()), want, "{address}");
            }
        };
        check(
            "1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.1 172.15.0.1 172.32.0.1 169.253.0.1 \
             192.0.1.1 198.17.0.1 198.20.0.1 223.255.255.255 168.63.129.17 \
             2606:4700::1111 2a00:1450::1 2001:4860::8888 2001:200::1 \
             ::ffff:8.8.8.8 64:ff9b::8.8.8.8",
            true,
        );
        check(
            "0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.255 \
             168.63.129.16 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.192 192.0.2.1 \
             192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 \
             240.0.0.1 255.255.255.255",
            false,
        );
        check(
            ":: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:169.254.169.254 ::ffff:10.0.0.1 \
             64:ff9b::127.0.0.1 64:ff9b:1::1 100::1 2001::1 2001:db8::1 2001:10::1 \
             2002:7f00:1::1 3fff::1 fc00::1 fd00:ec2::254 fe80::1 fec0::1 ff02::1 5f00::1 \
             4000::1",
            false,
        );
    }
}
