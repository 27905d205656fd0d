//! `tenantry plan`, and what a tenant has of it, on a database of its own.

use super::{assert_one_sentence, command, run, stdout, tenants::empty_database};

#[tokio::test]
async fn plans_are_made_given_and_removed() {
    let url = empty_database().await;
    let tenantry = |words: &str| {
        let words: Vec<&str> = words.split_whitespace().collect();
        let mut command = command(&words);
        command.env("DATABASE_URL", &url);
        command
    };
    let succeed = async |words: &str| {
        let output = run(&mut tenantry(words)).await;
        assert!(output.status.success(), "{words} {}", String::from_utf8_lossy(&output.stderr));
        stdout(&output).lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(succeed("tenant create first").await, "http://first.localhost:8000");
    let said = succeed("plan set team --name Team --seats 3 --storage 2GB --feature api-keys=on").await;
    assert_eq!(said, "The plan team is made; it is that of 0 tenants.");
    for slug in ["acme", "other"] {
        succeed(&format!("tenant create {slug}")).await;
    }
    let shown = succeed("tenant plan acme --plan team --requests-per-day 100 --feature custom-domains=on").await;
    let expected = "plan team\n\
                    seats 3 the plan's 0 members, 0 invitations\n\
                    storage 2.0 GB the plan's not measured\n\
                    requests-per-day 100 its own 0 written of today\n\
                    custom-domains on its own\n\
                    identity-provider off the plan's\n\
                    api-keys on the plan's";
    assert_eq!(shown, expected);
    // What is not given stays.
    assert_eq!(succeed("plan set team --seats 4").await, "The plan team is set; it is that of 1 tenant.");
    let shown = succeed("tenant plan acme --requests-per-day default").await;
    assert!(
        shown.contains("seats 4 ") && shown.contains("storage 2.0 GB") && shown.contains("requests-per-day unlimited the plan's")
    );
    assert!(succeed("tenant plan other").await.starts_with("plan none\nseats unlimited no plan 0 members"));
    let listed = succeed("plan list").await;
    assert!(listed.contains("team Team 4 2.0 GB unlimited api-keys 1"), "{listed}");

    // The plan for those who name none.
    let said = succeed("plan set free --seats 2 --for-new-tenants on").await;
    assert_eq!(said, "The plan free is made; it is that of 0 tenants. New tenants get it.");
    assert!(succeed("plan list").await.contains("free free 2 unlimited unlimited 0 get it"));
    for (slug, flags, plan) in [("new", "", "free"), ("named", "--plan team", "team"), ("alone", "--plan none", "none")] {
        succeed(&format!("tenant create {slug} {flags}")).await;
        assert!(succeed(&format!("tenant plan {slug}")).await.starts_with(&format!("plan {plan}\n")), "{slug}");
    }
    assert_one_sentence(&run(&mut tenantry("tenant create lost --plan nothing")).await, "There is no such plan");
    succeed("tenant plan named --plan none").await;

    assert_one_sentence(&run(&mut tenantry("plan remove team")).await, "another one first");
    assert_one_sentence(&run(&mut tenantry("tenant plan acme --plan nothing")).await, "There is no such plan");
    assert_one_sentence(&run(&mut tenantry("plan set Team")).await, "small letters");
    let join = "tenant join acme --role hr --password a-long-password --email";
    for name in ["a", "b", "c", "d"] {
        succeed(&format!("{join} {name}@example.test")).await;
    }
    assert_one_sentence(&run(&mut tenantry(&format!("{join} e@example.test"))).await, "seats for 4");
    succeed("tenant plan acme --plan none --feature custom-domains=default").await;
    succeed("plan remove team").await;
    for words in ["tenant usage acme", "tenant slow acme"] {
        succeed(words).await;
    }
}
