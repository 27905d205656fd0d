//! How addresses of hosts are written.

/// How addresses of hosts are written.
#[derive(Debug, Clone, Copy)]
pub struct Addresses {
    pub(super) https: bool,
    pub(super) port: u16,
}

impl Addresses {
    /// The address of a host as people type it.
    pub fn of(self, host: &str) -> String {
        let (scheme, usual_port) = if self.https { ("https", 443) } else { ("http", 80) };
        // Behind https stands a proxy, which has the usual port.
        if self.https || self.port == usual_port {
            format!("{scheme}://{host}")
        } else {
            format!("{scheme}://{host}:{}", self.port)
        }
    }
}
