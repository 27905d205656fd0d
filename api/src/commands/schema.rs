//! `tenantry schema`.

use std::io::Write as _;

use crate::graphql;

pub(super) fn run(platform: bool) -> anyhow::Result<()> {
    let sdl = if platform { graphql::platform::sdl() } else { graphql::sdl() };
    std::io::stdout().write_all(sdl.as_bytes())?;
    Ok(())
}
