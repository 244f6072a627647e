//! Who is believed, and what.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderName};

use super::{ForwardedHeader, Forwarding, Network, Peer};

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn tcp(text: &str) -> Peer {
    Peer::Tcp(SocketAddr::new(ip(text), 4711))
}

/// What `peer` is taken for, when it sends `values`.
fn client(header: &str, trusted: &[&str], peer: Peer, values: &[&str]) -> Option<IpAddr> {
    let forwarding = Forwarding {
        trusted: trusted
            .iter()
            .map(|network| Network::parse(network).unwrap())
            .collect(),
        header: ForwardedHeader::parse(header).unwrap(),
    };
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(
            header.parse::<HeaderName>().unwrap(),
            value.parse().unwrap(),
        );
    }
    forwarding.client(peer, &headers)
}

#[test]
fn only_trusted_proxies_are_believed() {
    let ours = ["10.0.0.0/8", "::1"];
    for (peer, forwarded, expected) in [
        ("203.0.113.9", &["1.2.3.4"][..], "203.0.113.9"),
        ("10.0.0.1", &[], "10.0.0.1"),
        ("10.0.0.1", &["1.2.3.4"], "1.2.3.4"),
        ("10.0.0.1", &["6.6.6.6, 1.2.3.4, 10.0.0.2"], "1.2.3.4"),
        ("10.0.0.1", &["6.6.6.6", "1.2.3.4"], "1.2.3.4"),
        ("10.0.0.1", &["1.2.3.4, garbage"], "10.0.0.1"),
        ("10.0.0.1", &["1.2.3.4:5678"], "1.2.3.4"),
        ("10.0.0.1", &["\"6.6.6.6, 1.2.3.4"], "1.2.3.4"),
        ("::1", &["2001:db8::1"], "2001:db8::1"),
        ("::1", &["[2001:db8::1]:443"], "2001:db8::1"),
        ("::ffff:10.0.0.1", &["1.2.3.4"], "1.2.3.4"),
    ] {
        assert_eq!(
            client("x-forwarded-for", &ours, tcp(peer), forwarded),
            Some(ip(expected)),
            "{peer} {forwarded:?}"
        );
    }
    assert_eq!(
        client("x-forwarded-for", &[], tcp("10.0.0.1"), &["1.2.3.4"]),
        Some(ip("10.0.0.1"))
    );
    assert_eq!(
        client("x-forwarded-for", &ours, Peer::Unknown, &["1.2.3.4"]),
        None
    );
}

/// The examples of RFC 7239, and what a client could put in front of what the proxy adds.
#[test]
fn elements_of_forwarded_are_read_from_the_right() {
    let ours = ["10.0.0.0/8"];
    for (values, expected) in [
        (
            &["for=192.0.2.60;proto=http;by=203.0.113.43"][..],
            "192.0.2.60",
        ),
        (&["For=\"[2001:db8:cafe::17]:4711\""], "2001:db8:cafe::17"),
        (&["proto=https ; FOR = 192.0.2.43:47011"], "192.0.2.43"),
        (&["for=6.6.6.6, for=192.0.2.43, for=10.1.2.3"], "192.0.2.43"),
        (
            &["for=6.6.6.6", "for=192.0.2.43, for=\"10.1.2.3:80\""],
            "192.0.2.43",
        ),
        // A quote that the client leaves open, and one with a comma in it.
        (&["for=\"6.6.6.6, for=192.0.2.43"], "192.0.2.43"),
        (
            &["for=\"6.6.6.6, 7.7.7.7\";x=\"a;b\", for=192.0.2.43"],
            "192.0.2.43",
        ),
        (
            &["for=192.0.2.43, by=\"x;for=6.6.6.6\";for=10.1.2.3"],
            "192.0.2.43",
        ),
        // It will not say, so the last one who did is all that is known.
        (&["for=6.6.6.6, for=unknown"], "10.0.0.1"),
        (&["for=6.6.6.6, for=_hidden, for=10.1.2.3"], "10.1.2.3"),
        (&["for=6.6.6.6, proto=https"], "10.0.0.1"),
        (&["for=6.6.6.6,"], "10.0.0.1"),
        (&["for=\"192.0.2.43"], "10.0.0.1"),
        (&[""], "10.0.0.1"),
    ] {
        assert_eq!(
            client("forwarded", &ours, tcp("10.0.0.1"), values),
            Some(ip(expected)),
            "{values:?}"
        );
    }
}

#[test]
fn any_other_header_holds_one_address() {
    let ours = ["10.0.0.0/8"];
    for (values, expected) in [
        (&["192.0.2.43"][..], "192.0.2.43"),
        // The proxy added a second one instead of replacing the client's.
        (&["6.6.6.6", "192.0.2.43"], "192.0.2.43"),
        (&["192.0.2.43, 192.0.2.44"], "10.0.0.1"),
        (&[], "10.0.0.1"),
    ] {
        let found = client("X-Real-IP", &ours, tcp("10.0.0.1"), values);
        assert_eq!(found, Some(ip(expected)), "{values:?}");
    }
    let untrusted = client("x-real-ip", &ours, tcp("203.0.113.9"), &["1.2.3.4"]);
    assert_eq!(untrusted, Some(ip("203.0.113.9")));
}

#[test]
fn the_peer_of_a_unix_socket_is_trusted_and_of_this_machine() {
    let ask = |values: &[&str]| client("x-forwarded-for", &["10.0.0.0/8"], Peer::Unix, values);
    assert_eq!(ask(&[]), Some(ip("127.0.0.1")));
    assert_eq!(ask(&["6.6.6.6, 192.0.2.43"]), Some(ip("192.0.2.43")));
    assert_eq!(
        ask(&["6.6.6.6, 192.0.2.43, 10.1.2.3"]),
        Some(ip("192.0.2.43"))
    );
    assert_eq!(ask(&["nonsense"]), Some(ip("127.0.0.1")));
}

#[test]
fn networks_and_headers_are_read_strictly() {
    for wrong in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "x", "10.0.0.0/-1"] {
        assert_eq!(Network::parse(wrong), None, "{wrong}");
    }
    assert!(Network::parse("0.0.0.0/0").unwrap().contains(ip("8.8.8.8")));
    assert!(
        !Network::parse("0.0.0.0/0")
            .unwrap()
            .contains(ip("2001:db8::1"))
    );
    for wrong in ["", "x real ip", "x:y", "a,b"] {
        assert_eq!(ForwardedHeader::parse(wrong), None, "{wrong}");
    }
    for (name, shown) in [("Forwarded", "forwarded"), ("X-Real-IP", "x-real-ip")] {
        assert_eq!(ForwardedHeader::parse(name).unwrap().to_string(), shown);
    }
}

#[test]
fn an_address_of_the_old_kind_is_one_on_a_socket_for_both() {
    let both: SocketAddr = "[::ffff:203.0.113.9]:4711".parse().unwrap();
    assert_eq!(Peer::tcp(both), tcp("203.0.113.9"));
    let new: SocketAddr = "[2001:db8::1]:4711".parse().unwrap();
    assert_eq!(Peer::tcp(new), Peer::Tcp(new));
}
