//! What keeps the program from starting: one sentence each.

use std::{
    fs::{self, Permissions},
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

use super::{Home, assert_one_sentence, free_port, run};

#[tokio::test]
async fn a_port_that_is_taken() {
    let home = Home::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(&mut home.command(&["serve", "--listen", &address])).await;
    assert_one_sentence(&output, &format!("Cannot listen on {address}"));
    assert!(!home.data().exists(), "nothing was made for it");
}

#[tokio::test]
async fn a_data_directory_that_cannot_be_written() {
    let home = Home::new();
    // Nobody makes a directory in a file, not even root.
    let file = home.0.path().join("file");
    fs::write(&file, "").unwrap();
    let mut command = super::command(&["serve", "--listen", &format!("127.0.0.1:{}", free_port()), "--data-directory"]);
    let output = run(command.arg(file.join("data"))).await;
    assert_one_sentence(&output, "cannot be written");
}

#[tokio::test]
async fn a_directory_of_postgres_that_is_none() {
    let home = Home::new();
    for directory in ["/nowhere", "/tmp"] {
        let output =
            run(home.command(&["serve", "--listen", &format!("127.0.0.1:{}", free_port())]).env("PG_BIN_DIR", directory)).await;
        assert_one_sentence(&output, "PG_BIN_DIR");
    }
}

#[tokio::test]
async fn a_postgres_that_is_too_old() {
    let home = Home::new();
    let bin = home.0.path().join("bin");
    fs::create_dir(&bin).unwrap();
    for name in ["postgres", "initdb"] {
        fs::write(bin.join(name), format!("#!/bin/sh\necho '{name} (PostgreSQL) 13.9'\n")).unwrap();
        fs::set_permissions(bin.join(name), Permissions::from_mode(0o755)).unwrap();
    }
    let output = run(home.command(&["serve", "--listen", &format!("127.0.0.1:{}", free_port())]).env("PG_BIN_DIR", &bin)).await;
    assert_one_sentence(&output, "version 13.9, and Tenantry needs 14");
}

#[tokio::test]
async fn data_of_another_version_of_postgres() {
    let home = Home::new();
    let cluster = home.data().join("cluster");
    fs::create_dir_all(&cluster).unwrap();
    open(&home.data());
    fs::write(cluster.join("PG_VERSION"), "12\n").unwrap();
    let output = run(&mut home.command(&["serve", "--listen", &format!("127.0.0.1:{}", free_port())])).await;
    assert_one_sentence(&output, "was made by Postgres 12");
    assert_eq!(fs::read_to_string(cluster.join("PG_VERSION")).unwrap(), "12\n");
}

#[tokio::test]
async fn a_directory_of_somebody_elses_postgres() {
    let home = Home::new();
    fs::create_dir(home.data()).unwrap();
    fs::write(home.data().join("PG_VERSION"), "15\n").unwrap();
    let output = run(&mut home.command(&["serve", "--listen", &format!("127.0.0.1:{}", free_port())])).await;
    assert_one_sentence(&output, "did not make");
}

#[tokio::test]
async fn a_database_that_is_not_there() {
    let home = Home::new();
    let listen = format!("127.0.0.1:{}", free_port());
    for url in ["nonsense", "postgres://nobody@127.0.0.1:9/nothing"] {
        let output = run(home.command(&["serve", "--listen", &listen]).env("DATABASE_URL", url)).await;
        assert_one_sentence(&output, "DATABASE_URL");
    }
}

fn open(directory: &Path) {
    fs::set_permissions(directory, Permissions::from_mode(0o755)).unwrap();
}
