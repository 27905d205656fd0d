//! The browser client of Tenantry, embedded in the program.
//!
//! `npm run build` in this directory writes the client to `dist`; this crate takes those files into the binary, so that
//! one program serves the API and the client and needs no files beside it. Before the first build `dist` is empty:
//! the crate compiles all the same and [`get`] finds nothing.
//!
//! Two pages stand in `dist`: `index.html`, the client, and `graphiql.html`, the GraphQL explorer. What they load lies
//! under `assets/` with a hash of the content in each name and may be cached for ever; see [`is_immutable`].
//!
//! ```
//! match web_client::get("index.html") {
//!     Some(page) => assert_eq!(page.content_type, "text/html; charset=utf-8"),
//!     None => println!("run `npm run build` first"),
//! }
//! ```

use std::{borrow::Cow, fmt::Write as _};

use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/dist"]
#[allow_missing = true]
struct Dist;

/// One file of the built client.
#[derive(Clone, Debug)]
pub struct Asset {
    /// The content as it was built.
    pub bytes: Cow<'static, [u8]>,
    /// The value of the `Content-Type` header, with `charset=utf-8` for text.
    pub content_type: String,
    /// A strong validator in its quotes, ready for the `ETag` header: the SHA-256 of [`bytes`](Self::bytes) in
    /// hexadecimal. A response that sends [`brotli`](Self::brotli) instead needs another validator than this.
    pub etag: String,
    /// The same content compressed with brotli, where the build found that worth while.
    pub brotli: Option<Cow<'static, [u8]>>,
}

/// The file at `path`, relative to the root of the client and without a leading slash: `index.html`,
/// `assets/index-BX1f0k3x.js`. `None` where there is no such file.
///
/// The compressed copies are reached through [`Asset::brotli`] only, not by a path of their own.
pub fn get(path: &str) -> Option<Asset> {
    if is_compressed_copy(path) {
        return None;
    }
    let file = Dist::get(path)?;
    Some(Asset {
        content_type: content_type(path),
        etag: etag(&file),
        brotli: Dist::get(&format!("{path}.br")).map(|copy| copy.data),
        bytes: file.data,
    })
}

/// Whether the file at `path` never changes under its name, because its name has a hash of its content in it.
pub fn is_immutable(path: &str) -> bool {
    path.starts_with("assets/")
}

fn is_compressed_copy(path: &str) -> bool {
    path.strip_suffix(".br").is_some_and(|original| Dist::get(original).is_some())
}

fn content_type(path: &str) -> String {
    let guess = mime_guess::from_path(path).first_or_octet_stream();
    // Scripts, style sheets, pages and SVG come as UTF-8; JSON is UTF-8 by its definition.
    if guess.type_() == mime_guess::mime::TEXT { format!("{guess}; charset=utf-8") } else { guess.to_string() }
}

fn etag(file: &EmbeddedFile) -> String {
    let hash = file.metadata.sha256_hash();
    let mut tag = String::with_capacity(2 + 2 * hash.len());
    tag.push('"');
    for byte in hash {
        // Writing to a String cannot fail.
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    tag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_nothing_at_an_unknown_path() {
        assert!(get("no-such-file.html").is_none());
        assert!(get("../Cargo.toml").is_none());
        assert!(get("").is_none());
    }

    #[test]
    fn names_the_type_of_what_a_browser_loads() {
        assert_eq!(content_type("index.html"), "text/html; charset=utf-8");
        assert_eq!(content_type("assets/a.js"), "text/javascript; charset=utf-8");
        assert_eq!(content_type("assets/a.css"), "text/css; charset=utf-8");
        assert_eq!(content_type("favicon.svg"), "image/svg+xml");
        assert_eq!(content_type("assets/a.woff2"), "font/woff2");
        assert_eq!(content_type("assets/unknown"), "application/octet-stream");
    }

    #[test]
    fn every_built_file_has_a_validator_and_no_compressed_copy_has_a_path() {
        for path in Dist::iter() {
            match get(&path) {
                Some(asset) => {
                    assert_eq!(asset.etag.len(), 66, "{path}");
                    if let Some(brotli) = asset.brotli {
                        assert!(brotli.len() < asset.bytes.len(), "{path}");
                    }
                }
                None => assert!(is_compressed_copy(&path), "{path}"),
            }
        }
    }

    #[test]
    fn only_hashed_names_are_immutable() {
        assert!(is_immutable("assets/index-BX1f0k3x.js"));
        assert!(!is_immutable("index.html"));
    }
}
