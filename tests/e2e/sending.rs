//! Sending from the interface, by keys and what is then seen, or received elsewhere.

use crate::support::{House, Person, Size};

#[test]
fn a_newcomer_with_nothing_configured_sees_a_verified_event() {
    let house = House::new();
    let (mut person, _) = Person::listening(&house, Size(120, 36), &[]);
    person.sees("no secret: press s").sees("Press T to send a signed test event").sees("T send a test event");
    person.types("T").sees("verified with the secret made-up").sees("SIM  a simulation").sees("200 by auto");
    person.sees("signed with a secret made up for this run").sees("secret made up for this run");
    // With the documented fields.
    person.types("P").sees("✓ Delivered").sees("200 OK").sees("Latency").sees("X-Webhook-Signature");
    person.sees("Sent payload").sees("\"simulation\": true").types("G").sees("Endpoint response");
    person.types("q").no_longer_sees("Endpoint response");
    // Again, with the same secret.
    person.types("T").sees("Deliveries  2");
    let listed = house.run(&["list"]).yes().stdout();
    assert_eq!(listed.lines().filter(|line| line.contains("verified")).count(), 2, "{listed}");
    person.types("q");
    assert_eq!(person.ends(), 0);
}

#[test]
fn a_test_event_is_signed_with_the_secret_of_its_path() {
    let house = House::new().set("ONE", "the first secret").set("TWO", "the second secret");
    house.write(
        "whyhook.toml",
        "[[webhook]]\nname = \"hr\"\npath = \"/in\"\nkind = \"reseller\"\nsecret = \"two\"\n\
         events = [\"desktop.app_tracking.captured\"]\nurl = \"http://127.0.0.1:9/\"\n",
    );
    let (mut person, _) =
        Person::listening(&house, Size(120, 36), &["--secret-env", "one=ONE", "--secret-env", "two=TWO"]);
    person.types("T").sees("verified with the secret two").sees("POST /in").sees("milliseconds");
    person.sees("desktop.app_tracking.captured");
}
