//! Files that were cut off, altered, or made with another key.

use std::{fs, path::Path};

use chrono::Utc;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tenancy::{ArchiveError, ArchiveKey, Error};
use tests::{Company, Server, new_tenant};

use super::{Shelf, archive_error, fill, traces};

/// Bytes of the header, of a piece's length, and of its seal.
const HEADER: usize = 60;
const LENGTH: usize = 4;
const SEAL: usize = 16;

/// Where the pieces of an archive are.
fn pieces(archive: &[u8]) -> Vec<(usize, usize)> {
    let mut pieces = Vec::new();
    let mut start = HEADER;
    while start < archive.len() {
        let length = u32::from_be_bytes(archive[start..start + LENGTH].try_into().unwrap()) & !(1 << 31);
        let end = start + LENGTH + usize::try_from(length).unwrap() + SEAL;
        pieces.push((start, end));
        start = end;
    }
    assert_eq!(start, archive.len());
    pieces
}

/// An archive that was damaged, and how.
fn damaged(archive: &[u8], other: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut variants = Vec::new();
    let mut flips: Vec<usize> = (0..HEADER).collect();
    let mut cuts = vec![0, 1, 7, 8, 11, HEADER - 1, HEADER, HEADER + 2, archive.len() - 1, archive.len() - SEAL];
    for (start, end) in pieces(archive) {
        // The length, the first and the last byte, and the seal of each piece.
        flips.extend((start..start + LENGTH + 2).chain(end - SEAL - 1..end));
        cuts.extend([start, start + 1, start + LENGTH, end - SEAL, end - 1]);
    }
    let mut random = StdRng::seed_from_u64(4711);
    for _ in 0..30 {
        flips.push(random.random_range(0..archive.len()));
        cuts.push(random.random_range(0..archive.len()));
    }
    for place in flips {
        let mut altered = archive.to_vec();
        altered[place] ^= 1 << (place % 8);
        variants.push((format!("bit {} of byte {place}", place % 8), altered));
    }
    for length in cuts.into_iter().filter(|length| *length < archive.len()) {
        variants.push((format!("cut off at {length}"), archive[..length].to_vec()));
    }
    let pieces = pieces(archive);
    assert!(pieces.len() >= 3, "{} pieces", pieces.len());
    let put = |order: &[(usize, usize)]| {
        let mut altered = archive[..HEADER].to_vec();
        for (start, end) in order {
            altered.extend(&archive[*start..*end]);
        }
        altered
    };
    let mut exchanged = pieces.clone();
    exchanged.swap(0, 1);
    variants.push(("two pieces in each other's place".to_owned(), put(&exchanged)));
    variants.push(("a piece left out".to_owned(), put(&pieces[1..])));
    variants.push(("the last piece left out".to_owned(), put(&pieces[..pieces.len() - 1])));
    variants.push(("the last piece twice".to_owned(), put(&[&pieces[..], &pieces[pieces.len() - 1..]].concat())));
    variants.push(("a piece twice".to_owned(), put(&[&pieces[..1], &pieces[..]].concat())));
    variants.push(("something behind it".to_owned(), [archive, b"x"].concat()));
    variants.push(("the header of another".to_owned(), [&other[..HEADER], &archive[HEADER..]].concat()));
    variants
}

/// Two archives of the company that have several pieces.
async fn archives(company: &Company<'_>, shelf: &Shelf, key: Option<&ArchiveKey>) -> [Vec<u8>; 2] {
    let mut archives = Vec::new();
    for name in ["one", "other"] {
        let path = shelf.path(&format!("{name} {}", key.is_some()));
        company.server.tenants().backup(&company.tenant, &path, key, Utc::now()).await.unwrap();
        archives.push(fs::read(path).unwrap());
    }
    archives.try_into().unwrap()
}

#[track_caller]
fn assert_refuses_file<T: std::fmt::Debug>(what: &str, result: Result<T, Error>) {
    let Err(Error::Archive(error)) = result else { panic!("{what}: {result:?}") };
    let known = matches!(
        error,
        ArchiveError::NotAnArchive
            | ArchiveError::Format(_)
            | ArchiveError::KeyNeeded
            | ArchiveError::NotEncrypted
            | ArchiveError::WrongKey
            | ArchiveError::Truncated
            | ArchiveError::Altered(_)
    );
    assert!(known, "{what}: {error:?}");
    assert!(error.to_string().ends_with('.'), "{error}");
}

#[tokio::test]
async fn damage_at_any_place_is_noticed() {
    let server = Server::start().await;
    let company = server.company().await;
    fill(&company, 9_000).await;
    let shelf = Shelf::new();
    let key = ArchiveKey::parse(&[1; 32]).unwrap();
    for key in [None, Some(&key)] {
        let [one, other] = archives(&company, &shelf, key).await;
        for (what, bytes) in damaged(&one, &other) {
            let unchanged_salt = key.is_none() && what == "the header of another" && one[..HEADER] == other[..HEADER];
            assert!(!unchanged_salt, "two archives have one salt");
            let path = shelf.path("damaged");
            fs::write(&path, bytes).unwrap();
            assert_refuses_file(&what, server.tenants().check_archive(&path, key).await);
        }
    }
}

#[tokio::test]
async fn nothing_is_changed_by_a_damaged_archive() {
    let server = Server::start().await;
    let company = server.company().await;
    fill(&company, 9_000).await;
    let shelf = Shelf::new();
    let [one, other] = archives(&company, &shelf, None).await;
    let before = company.contents().await;
    let mut variants = damaged(&one, &other);
    // The last of each kind, and some from between; all of them are in the other test.
    let from_the_end = variants.split_off(variants.len() - 7);
    let chosen = variants.into_iter().step_by(23).chain(from_the_end);
    for (what, bytes) in chosen {
        let path = shelf.path("damaged");
        fs::write(&path, bytes).unwrap();
        let new = new_tenant();
        assert_refuses_file(&what, server.tenants().restore(&path, None, &new).await);
        assert_refuses_file(&what, server.tenants().restore_in_place(&path, None, Utc::now()).await);
        assert_refuses_file(&what, server.tenants().verify(&path, None).await);
        assert_eq!(traces(new.id).await, [0, 0, 0], "{what}");
    }
    assert_eq!(traces(company.tenant.id).await, [1, 1, 1]);
    assert_eq!(company.contents().await, before);
}

#[tokio::test]
async fn an_encrypted_archive_opens_with_its_key_alone() {
    let server = Server::start().await;
    let company = server.company().await;
    let shelf = Shelf::new();
    let (key, wrong) = (ArchiveKey::parse(&[1; 32]).unwrap(), ArchiveKey::parse(&[2; 32]).unwrap());
    let (plain, encrypted) = (shelf.path("plain"), shelf.path("encrypted"));
    let tenants = server.tenants();
    tenants.backup(&company.tenant, &plain, None, Utc::now()).await.unwrap();
    tenants.backup(&company.tenant, &encrypted, Some(&key), Utc::now()).await.unwrap();
    let open = async |path: &Path, key: Option<&ArchiveKey>| {
        let new = new_tenant();
        let refused = archive_error(tenants.restore(path, key, &new).await);
        assert_eq!(traces(new.id).await, [0, 0, 0]);
        assert_eq!(refused.to_string(), archive_error(tenants.check_archive(path, key).await).to_string());
        assert_eq!(refused.to_string(), archive_error(tenants.verify(path, key).await).to_string());
        assert_eq!(refused.to_string(), archive_error(tenants.restore_in_place(path, key, Utc::now()).await).to_string());
        refused
    };
    assert!(matches!(open(&encrypted, None).await, ArchiveError::KeyNeeded));
    assert!(matches!(open(&encrypted, Some(&wrong)).await, ArchiveError::WrongKey));
    // Whoever gives a key wants what the key vouches for.
    assert!(matches!(open(&plain, Some(&key)).await, ArchiveError::NotEncrypted));
    assert!(matches!(open(&shelf.path("missing"), None).await, ArchiveError::File { .. }));
    // The same content twice is not the same file.
    let again = shelf.path("again");
    tenants.backup(&company.tenant, &again, Some(&key), Utc::now()).await.unwrap();
    assert_ne!(fs::read(again).unwrap()[HEADER..], fs::read(&encrypted).unwrap()[HEADER..]);
    assert!(tenants.check_archive(&encrypted, Some(&key)).await.is_ok());

    for (name, bytes) in [("empty", &b""[..]), ("text", b"hello"), ("image", b"\x89PNG\r\n\x1a\n and so on, for a while")] {
        fs::write(shelf.path(name), bytes).unwrap();
        assert!(matches!(open(&shelf.path(name), None).await, ArchiveError::NotAnArchive), "{name}");
    }
    let mut later = fs::read(&plain).unwrap();
    later[9] = 2;
    fs::write(shelf.path("later"), later).unwrap();
    assert!(matches!(open(&shelf.path("later"), None).await, ArchiveError::Format(2)));
}
