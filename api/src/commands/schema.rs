//! `tenantry schema`.

use std::io::Write as _;

use crate::graphql;

pub(super) fn run(platform: bool, operator: bool) -> anyhow::Result<()> {
    let sdl = match (platform, operator) {
        (true, _) => graphql::platform::sdl(),
        (_, true) => graphql::operator::sdl(),
        _ => graphql::sdl(),
    };
    std::io::stdout().write_all(sdl.as_bytes())?;
    Ok(())
}
