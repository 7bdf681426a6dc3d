//! How sockets fail and end.

use std::time::Duration;

use openclaw_proto::{Fingerprint, Input, ProxyError, ProxyRefusal, TransportError, UpgradeRefused};

use super::super::script::Script;

/// A transport's failure.
pub fn failure(script: &mut Script<'_>) -> TransportError {
    let upgrade = |status: u16, hint: Option<&str>| {
        let headers = hint.map(|hint| ("retry-after".to_owned(), hint.to_owned()));
        TransportError::UpgradeRefused(UpgradeRefused::new(status, headers.into_iter().collect(), "no".into()))
    };
    match script.number() % 14 {
        0 => TransportError::Connect("refused".into()),
        1 => TransportError::Resolve { host: "gateway.example".into(), message: "no such host".into() },
        2 => TransportError::Tls("certificate expired".into()),
        3 => {
            TransportError::PinMismatch { expected: vec![Fingerprint::new([1; 32])], found: Fingerprint::new([2; 32]) }
        }
        4 => upgrade(503, Some("3")),
        5 => upgrade(503, Some("18446744073709551615")),
        6 => upgrade(401, None),
        7 => upgrade(u16::from(script.number()) + 300, None),
        8 => TransportError::Protocol("a reserved bit is set".into()),
        9 => TransportError::FrameTooLarge("70000 bytes".into()),
        10 => TransportError::Io("connection reset by peer".into()),
        11 => {
            let mut refusal = ProxyRefusal::new(407);
            refusal.retry_after = Some(Duration::from_secs(2));
            TransportError::Proxy(ProxyError::Refused(refusal))
        }
        12 => TransportError::Proxy(ProxyError::Refused(ProxyRefusal::new(502))),
        _ => TransportError::Proxy(ProxyError::Ended),
    }
}

/// A connection's end, with a reason from the script.
pub fn closed(script: &mut Script<'_>) -> Input<String> {
    const CODES: [Option<u16>; 12] = [
        Some(1000),
        None,
        Some(1001),
        Some(1005),
        Some(1008),
        Some(1009),
        Some(1011),
        Some(1012),
        Some(1013),
        Some(4001),
        Some(4013),
        Some(65_535),
    ];
    Input::Closed { code: script.pick(&CODES), reason: script.line() }
}
