//! A clock that is set back or forward: deliveries keep their order, and their age is the one at
//! their arrival.

use serde_json::Value;

use crate::support::{Person, Signed, Size, TestEnv, talk};

#[test]
fn order_is_by_number_and_ages_are_those_of_the_arrival() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    for number in 1..=4 {
        assert_eq!(talk(listening.address(), Signed::new("{}").to(&format!("/n/{number}")).wire()).status, 200);
    }
    listening.stop();
    let ages = |env: &TestEnv| -> Vec<Value> { (1..=4).map(|id| env.show(id)["age_seconds"].clone()).collect() };
    let before = ages(&env);
    // What a clock would have left that was set back by an hour before the third, and stood in the
    // year 2100 for the second.
    let store = rusqlite::Connection::open(env.store()).unwrap();
    store
        .execute_batch(
            "UPDATE deliveries SET received_us = received_us - 3600000000 WHERE id >= 3;
             UPDATE deliveries SET received_us = 4102444800000000 WHERE id = 2;",
        )
        .unwrap();
    drop(store);
    let paths = |listed: &str| -> Vec<String> {
        listed.lines().map(|line| line.split_whitespace().last().unwrap().to_owned()).collect()
    };
    let listed = env.run(&["list"]).yes().stdout();
    assert_eq!(paths(&listed), ["/n/4", "/n/3", "/n/2", "/n/1"]);
    assert_eq!(ages(&env), before);

    let (mut person, address) = Person::listening(&env, Size(120, 30), &[]);
    assert_eq!(talk(address, Signed::new("{}").to("/n/5").wire()).status, 200);
    person.sees("/n/5").sees_that("the order", |screen| {
        let at = |number: usize| screen.find(&format!("/n/{number}"));
        (1..5).all(|number| at(number).is_some() && at(number + 1) < at(number))
    });
    assert_eq!(env.show(5)["id"], 5);
}
