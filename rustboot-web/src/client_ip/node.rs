//! How proxies write an address.

use std::net::{IpAddr, SocketAddr};

/// An address, with or without a port: proxies write both. IPv6 with a port, and in `Forwarded` always, stands in brackets.
pub(super) fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    text.parse()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
        .or_else(|| text.strip_prefix('[')?.strip_suffix(']')?.parse().ok())
        .map(|address: IpAddr| address.to_canonical())
}

/// The address in one element of `Forwarded` (RFC 7239, section 4): `for="[2001:db8::7]:4711";proto=https`. `None` also for
/// `unknown` and for made-up names, which a proxy writes when it will not say.
pub(super) fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut pairs = split_unquoted(element, ';').filter_map(|pair| pair.split_once('='));
    let (_, node) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    let node = node.trim();
    let node = match node.strip_prefix('"') {
        Some(quoted) => quoted.strip_suffix('"')?,
        None => node,
    };
    address(node)
}

/// The parts of a text from the right, at each `separator` that is not inside of quotes. From that side, because what the
/// client wrote is on the other one: a quote that it leaves open must not swallow what a proxy added.
pub(super) fn split_unquoted(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut quoted = false;
        let at = text.rfind(|c: char| {
            quoted ^= c == '"';
            c == separator && !quoted
        });
        let (before, part) = match at {
            Some(at) => (Some(&text[..at]), &text[at + separator.len_utf8()..]),
            None => (None, text),
        };
        rest = before;
        Some(part)
    })
}
