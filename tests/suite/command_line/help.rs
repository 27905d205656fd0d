//! What the program says of itself.

use super::{command, run, stdout};

#[tokio::test]
async fn the_help_is_as_it_was_read_last() {
    let commands: &[&[&str]] = &[
        &[],
        &["serve"],
        &["migrate"],
        &["migrate", "status"],
        &["migrate", "drift"],
        &["migrate", "lint"],
        &["migrate", "accept"],
        &["tenant"],
        &["tenant", "create"],
        &["tenant", "invite"],
        &["tenant", "standby"],
        &["tenant", "list"],
        &["tenant", "show"],
        &["tenant", "join"],
        &["tenant", "domains"],
        &["tenant", "domains", "add"],
        &["tenant", "domains", "check"],
        &["tenant", "domains", "redirect"],
        &["tenant", "plan"],
        &["tenant", "usage"],
        &["tenant", "slow"],
        &["tenant", "limits"],
        &["tenant", "origins"],
        &["tenant", "rename"],
        &["tenant", "terms"],
        &["tenant", "maintenance"],
        &["tenant", "suspend"],
        &["tenant", "resume"],
        &["tenant", "delete"],
        &["tenant", "keep"],
        &["tenant", "backup"],
        &["tenant", "backup-all"],
        &["tenant", "restore"],
        &["tenant", "clone"],
        &["tenant", "verify"],
        &["tenant", "export"],
        &["tenant", "import"],
        &["tenant", "adopt"],
        &["tenant", "run"],
        &["tenant", "psql"],
        &["backup"],
        &["backup", "list"],
        &["backup", "run"],
        &["backup", "rotate"],
        &["backup", "drill"],
        &["plan"],
        &["plan", "set"],
        &["operator"],
        &["operator", "create"],
        &["keys"],
        &["keys", "list"],
        &["keys", "rotate"],
        &["keys", "forget"],
        &["keys", "retire"],
        &["demo"],
        &["doctor"],
        &["schema"],
        &["postgres"],
    ];
    let mut text = String::new();
    for words in commands {
        // The options that every command takes are shown once, with the program itself.
        let flag = if words.is_empty() { "--help" } else { "-h" };
        let output = run(command(words).arg(flag).env("COLUMNS", "110")).await;
        assert!(output.status.success(), "{words:?} {}", String::from_utf8_lossy(&output.stderr));
        let help = stdout(&output);
        let own: Vec<&str> = if words.is_empty() {
            help.lines().collect()
        } else {
            let shared = [
                "Database:",
                "Web:",
                "Limits:",
                "Sign-in:",
                "Sign-up:",
                "Tenants:",
                "Backup:",
                "Operators:",
                "Domains:",
                "Mail:",
                "Log:",
            ];
            let mut is_shared = false;
            help.lines()
                .filter(|line| {
                    if !line.starts_with(' ') && !line.is_empty() {
                        is_shared = shared.contains(line);
                    }
                    !is_shared
                })
                .collect()
        };
        let own: Vec<&str> = own.iter().map(|line| line.trim_end()).collect();
        text.extend(["===== tenantry ", &words.join(" "), " ", flag, "\n", own.join("\n").trim_end(), "\n\n"]);
    }
    insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("help", text);
    });
}

#[tokio::test]
async fn every_option_has_a_variable_and_a_sentence() {
    let help = stdout(&run(command(&["--help"]).env("COLUMNS", "400")).await);
    for section in
        ["Database:", "Web:", "Limits:", "Sign-in:", "Sign-up:", "Tenants:", "Backup:", "Operators:", "Domains:", "Mail:", "Log:"]
    {
        assert!(help.contains(section), "{section} is missing");
    }
    let options: Vec<&str> = help.split("\n      --").skip(1).collect();
    assert!(options.len() > 15, "{help}");
    for option in options {
        assert!(option.contains("[env: TENANTRY_") || option.contains("[env: DATABASE_URL"), "no variable: {option}");
    }
}

#[tokio::test]
async fn the_version_and_the_schema_are_printed() {
    let output = run(&mut command(&["--version"])).await;
    assert_eq!(stdout(&output), format!("tenantry {}\n", env!("CARGO_PKG_VERSION")));
    let output = run(&mut command(&["schema"])).await;
    assert!(output.status.success());
    assert!(stdout(&output) == api::graphql::sdl(), "the program is not the one that the tests were built with; run `make test`");
}

#[tokio::test]
async fn what_is_no_command_is_explained() {
    for words in
        [&[][..], &["nonsense"], &["serve", "--nonsense"], &["tenant"], &["tenant", "create"], &["--listen", "nonsense", "serve"]]
    {
        let output = run(&mut command(words)).await;
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(text.contains("Usage:") || text.contains("--help"), "{words:?} {text}");
    }
}
