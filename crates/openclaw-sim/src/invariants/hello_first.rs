//! On each connection `connect` goes first and once; nothing else before hello; nothing new to a gateway that goes.

use openclaw_proto::{ConnId, StateKind};

use super::Invariant;
use crate::watch::{Call, Chronicle, Step};

#[derive(Debug, Default)]
pub(super) struct HelloFirst {
    greeted: Option<ConnId>,
}

impl Invariant for HelloFirst {
    fn name(&self) -> &'static str {
        "hello_first"
    }

    fn check(&mut self, step: &Step<'_>, known: &Chronicle) -> Result<(), String> {
        let Call::Transmit { conn, frame: Some(frame) } = &step.call else { return Ok(()) };
        let is_connect = frame.text.contains(r#""method":"connect","params":{"minProtocol""#);
        if known.conn != Some(*conn) || frame.conn != *conn || !known.opened {
            return Err(format!("a frame for {conn}, which is not the open one: {:?}", known.conn));
        }
        match (is_connect, known.hello) {
            (true, true) => Err("a second connect".into()),
            (true, false) if self.greeted.replace(*conn) == Some(*conn) => Err("a second connect".into()),
            (false, false) => Err("a request before hello".into()),
            (false, true) if known.state != StateKind::Ready => Err(format!("a request while {:?}", known.state)),
            _ => Ok(()),
        }
    }
}
