//! What happens, one thing at a time.

use super::{Happening, World};
use crate::script::{Op, What};

impl World {
    pub(super) fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Event(place) => self.event(place),
            Happening::End(token, ended) => self.end(token, &ended),
            Happening::Knock(client, conn) => self.knock(client, conn),
            Happening::Answer(client, conn, input) => {
                let dialing = self.hosts.get(client).is_some_and(|host| host.sockets.contains_key(&conn));
                if dialing {
                    self.with(client, |host| {
                        host.sockets.remove(&conn);
                    });
                    self.tell(client, conn, &input);
                }
            }
            Happening::Sent(road, way) => self.sent(road, way),
            Happening::Land(road, way) => self.land(road, way),
        }
    }

    pub(super) fn event(&mut self, place: usize) {
        let Some(event) = self.script.events.get(place).cloned() else { return };
        match event.what {
            What::Wrong(fault) => self.strike(&fault),
            What::Do { client, op } => {
                let Some(host) = self.hosts.get_mut(client) else { return };
                if host.is_asleep() {
                    host.put_off.push(place);
                } else {
                    self.trace.line(self.at, || format!("c{client} does {op:?}"));
                    self.coverage.count("operations", &op.kind());
                    self.operate(client, &op);
                }
            }
        }
    }

    fn operate(&mut self, client: usize, op: &Op) {
        let at = self.at;
        match op {
            Op::Start => self.with(client, |host| host.start(at)),
            Op::Nudge => self.with(client, |host| host.nudge(at)),
            Op::Shutdown => self.with(client, |host| host.shutdown(at)),
            Op::Ask { what, limit, refuse, count } => {
                for _ in 0..*count {
                    self.ask(client, what, *limit, *refuse);
                }
            }
            Op::Cancel { count } => self.with(client, |host| {
                for id in host.some_open(*count) {
                    host.cancel(at, id);
                }
            }),
        }
    }
}
