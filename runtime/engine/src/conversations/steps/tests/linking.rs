//! People are linked by a code to their e-mail address, whatever fails on the way.

use super::{ANA, House};
use crate::Identity;
use crate::conversations::steps::STEPS;
use crate::decide::house_texts::{ENGLISH, LANGUAGES};
use crate::mailbox::conversations::TurnEnd;
use async_trait::async_trait;
use greenroom_conformance::assistants;
use greenroom_conformance::faulty_store::{CallPlan, FaultyStore};
use greenroom_conformance::messages::{Refine, id, scope, text_from};
use greenroom_contract::address::Address;
use greenroom_contract::assistant::Turn;
use greenroom_contract::identity::{Attributes, EmailAddress, LookupError, Mail, MailError, Mailer, PersonLookup};
use greenroom_contract::ids::IdentityId;
use greenroom_contract::message::{Addressing, Inbound};
use greenroom_contract::policy::ChannelPolicy;
use greenroom_contract::secret::Secret;
use greenroom_contract::store::{Person, Store};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;

const BEN: &str = "+15550000002";
const EMAIL: &str = "ana@example.org";

/// Takes every mail, or fails as it is told.
#[derive(Default)]
struct Post {
    mails: Mutex<Vec<Mail>>,
    fails: Mutex<Option<MailError>>,
    news: tokio::sync::Notify,
}

#[async_trait]
impl Mailer for Post {
    async fn send(&self, mail: Mail) -> Result<(), MailError> {
        self.mails.lock().push(mail);
        self.news.notify_one();
        self.fails.lock().clone().map_or(Ok(()), Err)
    }
}

impl Post {
    async fn next_code(&self, mails: usize) -> String {
        while self.mails.lock().len() < mails {
            self.news.notified().await;
        }
        let subject = self.mails.lock()[mails - 1].subject.clone();
        subject.chars().filter(char::is_ascii_digit).collect()
    }
}

/// Knows one customer.
struct Customers;

#[async_trait]
impl PersonLookup for Customers {
    async fn look_up(&self, _: IdentityId, email: &EmailAddress) -> Result<Attributes, LookupError> {
        if email.as_str() != EMAIL {
            return Err(LookupError { reason: "closed".into() });
        }
        Ok(serde_json::json!({ "customer": 7, "name": "Ana Example" }).as_object().cloned().unwrap_or_default())
    }
}

fn identity(post: &Arc<Post>) -> Identity {
    Identity {
        mailer: Arc::clone(post) as Arc<dyn Mailer>,
        lookup: None,
        secret: Secret::new("a secret of some length"),
        offer: false,
        codes_max: 100,
        shared_memory: [].into(),
    }
}

/// An assistant that is given a history, in a channel that admits everybody.
async fn remembering(identity: Option<Identity>) -> House {
    let everybody = |policy: &mut ChannelPolicy| policy.allow_from = vec![id("*")];
    let assistant = assistants::remembering_by_history();
    House::answered_by(assistant, greenroom_store::memory(), identity, everybody).await
}

/// Hears a message, and gives what was said to it.
async fn says(house: &House, inbound: Inbound) -> Vec<String> {
    let before = house.network.sent_count();
    let (_, end) = house.hears_message(inbound, STEPS).await;
    assert_eq!(end, TurnEnd::Settled { more: false });
    house.handle.settled().await;
    let new = usize::try_from(house.network.sent_count() - before).expect("few");
    let sent = house.network.sent();
    let words = |at: usize| match &sent[at].body {
        greenroom_contract::outbound::OutboundBody::Text(text) => text.clone(),
        other => format!("{other:?}"),
    };
    (sent.len() - new..sent.len()).map(words).collect()
}

async fn link(house: &House, post: &Post, who: impl Fn(&str) -> Inbound, email: &str) {
    let mails = post.mails.lock().len() + 1;
    assert_eq!(says(house, who("link my account")).await, [ENGLISH.linking.ask_email]);
    assert!(says(house, who(email)).await[0].contains(email));
    let code = post.next_code(mails).await;
    assert!(says(house, who(&code)).await[0].starts_with("Thank you"));
}

async fn person(house: &House, who: &str) -> Person {
    let store = &house.handle.context.store;
    let address: Address = id(who);
    let known = store.person_by_address(&scope(), &address).await.expect("healthy").expect("is known");
    store.person(known).await.expect("healthy").expect("is known")
}

fn ana(words: &str) -> Inbound {
    text_from(ANA, words)
}

fn last(house: &House) -> Turn {
    house.fake.as_ref().expect("it tells").turns().pop().expect("it was asked")
}

#[tokio::test]
async fn a_linked_person_is_known_to_the_assistant_and_codes_and_addresses_are_not() {
    let post = Arc::new(Post::default());
    let parts = Identity { lookup: Some(Arc::new(Customers)), ..identity(&post) };
    let house = remembering(Some(parts)).await;
    says(&house, ana("hello")).await;
    assert_eq!(last(&house).linked, None);
    link(&house, &post, ana, EMAIL).await;
    assert_eq!(house.fake.as_ref().expect("it tells").asked(), 1, "no assistant saw the address or the code");
    says(&house, ana("here I am")).await;
    let linked = last(&house).linked.expect("she is linked");
    assert_eq!(linked.email, Some(EmailAddress::new(EMAIL).unwrap()));
    assert_eq!((linked.name.as_deref(), &linked.attributes["customer"]), (Some("Ana Example"), &serde_json::json!(7)));
    assert_eq!(house.handle.linked_people(None, 9).await.unwrap().len(), 1);
    let links = person(&house, ANA).await.links;
    assert_eq!((links[0].number, links[0].proved_by.clone()), (1, vec![id(ANA)]));
    let number = links[0].number;
    house.handle.remove_link(person(&house, ANA).await.id, number).await.unwrap();
    says(&house, ana("and now?")).await;
    assert_eq!(last(&house).linked, None);
    let history: Vec<String> = last(&house).history.into_iter().map(|past| past.asked).collect();
    assert_eq!(history, ["hello", "here I am"], "the talk of linking is in no history");
}

#[tokio::test]
async fn a_lookup_that_fails_keeps_no_answer_back() {
    let post = Arc::new(Post::default());
    let parts = Identity { lookup: Some(Arc::new(Customers)), ..identity(&post) };
    let house = House::with(greenroom_store::memory(), Some(parts), |_| {}).await;
    link(&house, &post, ana, "unknown@example.org").await;
    assert_eq!(says(&house, ana("hello")).await, ["hello"]);
    assert!(last(&house).linked.expect("she is linked").attributes.is_empty());
}

#[tokio::test]
async fn it_is_offered_once_and_in_the_language_of_the_channel() {
    for (tag, texts) in LANGUAGES {
        let post = Arc::new(Post::default());
        let parts = Identity { offer: true, ..identity(&post) };
        let house =
            House::with(greenroom_store::memory(), Some(parts), |policy| policy.language = Some(tag.to_owned())).await;
        assert_eq!(says(&house, ana("one")).await, ["one", texts.linking.offer], "{tag}");
        assert_eq!(says(&house, ana("two")).await, ["two"], "{tag}");
        assert_eq!(says(&house, ana(texts.linking.link[0])).await, [texts.linking.ask_email], "{tag}");
    }
}

#[tokio::test]
async fn a_code_leaves_once_whatever_the_store_does() {
    let post = Arc::new(Post::default());
    let store = FaultyStore::new(greenroom_store::memory());
    let house = House::with(Arc::clone(&store) as Arc<dyn Store>, Some(identity(&post)), |_| {}).await;
    says(&house, ana("link my account")).await;
    store.fail_settles(2);
    says(&house, ana(EMAIL)).await;
    let code = post.next_code(1).await;
    assert_eq!(post.mails.lock().len(), 1);
    store.fail_settles(1);
    assert!(says(&house, ana(&code)).await[0].starts_with("Thank you"));
    assert_eq!(person(&house, ANA).await.links.len(), 1);
}

#[tokio::test]
async fn what_was_begun_continues_in_the_next_run() {
    let post = Arc::new(Post::default());
    let store = FaultyStore::lasting(greenroom_store::memory());
    let mut code = String::new();
    for step in 0..4 {
        let house = House::with(Arc::clone(&store) as Arc<dyn Store>, Some(identity(&post)), |_| {}).await;
        match step {
            0 => assert_eq!(says(&house, ana("link my account")).await, [ENGLISH.linking.ask_email]),
            1 => {
                assert!(says(&house, ana(EMAIL)).await[0].contains(EMAIL));
                code = post.next_code(1).await;
            }
            2 => assert!(says(&house, ana(&code)).await[0].starts_with("Thank you")),
            _ => {
                says(&house, ana("hello")).await;
                assert!(last(&house).linked.is_some());
            }
        }
        house.handle.drain(Duration::from_secs(5)).await;
    }
    assert_eq!(post.mails.lock().len(), 1);
}

/// The process dies in the commit of each turn of the talk, before and after it is on disk.
#[tokio::test]
async fn a_process_that_dies_links_once_and_sends_each_code_once() {
    for dies_at in 0..3 {
        for plan in [CallPlan::Hang, CallPlan::PassAndHang] {
            let post = Arc::new(Post::default());
            let lasting = FaultyStore::lasting(greenroom_store::memory());
            let dying = FaultyStore::new(Arc::clone(&lasting) as Arc<dyn Store>);
            let house = House::with(Arc::clone(&dying) as Arc<dyn Store>, Some(identity(&post)), |_| {}).await;
            for step in 0..dies_at {
                says(&house, ana(["link my account", EMAIL][step])).await;
            }
            let last_words =
                if dies_at < 2 { ["link my account", EMAIL][dies_at].to_owned() } else { post.next_code(1).await };
            dying.on_call(Box::new(move |method| if method == "settle" { plan } else { CallPlan::Pass }));
            let hearing = house.hears_message(ana(&last_words), STEPS);
            assert!(tokio::time::timeout(Duration::from_millis(200), hearing).await.is_err());
            drop(house);

            let house = House::with(lasting, Some(identity(&post)), |_| {}).await;
            // What waits is answered in the next run by itself.
            house.network.connected("main").await;
            house.handle.settled().await;
            if person(&house, ANA).await.links.is_empty() {
                if post.mails.lock().is_empty() {
                    assert!(says(&house, ana(EMAIL)).await[0].contains(EMAIL), "{dies_at} {plan:?}");
                }
                let code = post.next_code(1).await;
                assert!(says(&house, ana(&code)).await[0].starts_with("Thank you"), "{dies_at} {plan:?}");
            }
            assert_eq!(person(&house, ANA).await.links.len(), 1, "{dies_at} {plan:?}");
            assert_eq!(post.mails.lock().len(), 1, "{dies_at} {plan:?}");
        }
    }
}

#[tokio::test]
async fn a_turn_that_is_not_on_disk_sends_no_mail() {
    let post = Arc::new(Post::default());
    let store = FaultyStore::new(greenroom_store::memory());
    let house = House::with(Arc::clone(&store) as Arc<dyn Store>, Some(identity(&post)), |_| {}).await;
    says(&house, ana("link my account")).await;
    store.fail_settles(usize::MAX);
    let hearing = house.hears_message(ana(EMAIL), STEPS);
    let given_up = tokio::time::timeout(Duration::from_millis(300), hearing).await;
    assert!(given_up.is_err() && post.mails.lock().is_empty());
}

#[tokio::test]
async fn that_a_mail_could_not_be_sent_is_said_unless_it_may_be_on_its_way() {
    let reason = || "the server said no".into();
    for (error, is_told) in [
        (MailError::Unavailable { reason: reason() }, true),
        (MailError::Recipient { reason: reason() }, true),
        (MailError::Setup { reason: reason() }, true),
        (MailError::Unknown { reason: reason() }, false),
    ] {
        let post = Arc::new(Post::default());
        *post.fails.lock() = Some(error.clone());
        let house = House::with(greenroom_store::memory(), Some(identity(&post)), |_| {}).await;
        says(&house, ana("link my account")).await;
        house.hears_message(ana(EMAIL), STEPS).await;
        let code = post.next_code(1).await;
        if is_told {
            house.network.sent_count_reached(3).await;
            let words = house.network.words_to(ANA);
            assert_eq!(words.last().map(String::as_str), Some(ENGLISH.linking.mail_failed), "{error}");
        }
        assert!(says(&house, ana(&code)).await[0].starts_with("Thank you"), "what arrived after all works");
    }
}

#[tokio::test]
async fn what_is_asked_for_in_a_group_continues_in_the_direct_chat() {
    let post = Arc::new(Post::default());
    let house = House::with(greenroom_store::memory(), Some(identity(&post)), |_| {}).await;
    let group = |words: &str| ana(words).in_group("friends", Addressing::Mentioned);
    assert_eq!(says(&house, group("link my account")).await, [ENGLISH.linking.only_direct], "no direct chat yet");
    assert_eq!(says(&house, group(EMAIL)).await, [EMAIL], "the assistant answers");
    assert_eq!(says(&house, group("cancel")).await, ["cancel"]);
    assert_eq!(says(&house, ana("hello")).await, ["hello"]);
    let mut said = says(&house, group("link my account")).await;
    said.sort();
    let mut expected = [ENGLISH.linking.ask_email, ENGLISH.linking.moved];
    expected.sort_unstable();
    assert_eq!(said, expected);
    assert_eq!(house.network.words_to(ANA), ["hello", ENGLISH.linking.ask_email], "the question is in the direct chat");
    assert_eq!(says(&house, group(EMAIL)).await, [EMAIL], "an address in the group is for the assistant");
    assert!(post.mails.lock().is_empty());
    assert!(says(&house, ana(EMAIL)).await[0].contains(EMAIL));
    post.next_code(1).await;
    assert_eq!(says(&house, group("who am i")).await, [ENGLISH.linking.only_direct]);
}

#[tokio::test]
async fn whoever_has_the_number_now_is_not_taken_for_the_one_before() {
    let post = Arc::new(Post::default());
    let house = remembering(Some(identity(&post))).await;
    let before = |words: &str| ana(words).also_known_as("lid:1");
    link(&house, &post, before, EMAIL).await;
    says(&house, before("it is me")).await;
    assert!(last(&house).linked.is_some());
    // The number alone may be what was given to another person, or the same one: the id that comes with it decides.
    let after = |words: &str| ana(words).also_known_as("lid:2");
    says(&house, after("hello")).await;
    let turn = last(&house);
    assert_eq!((turn.linked, turn.history.len()), (None, 0), "neither linked nor with the memory of the one before");
    assert!(!says(&house, after("who am i")).await[0].contains(EMAIL));
}

#[tokio::test]
async fn a_person_with_a_new_number_is_asked_to_prove_it_anew_once() {
    let post = Arc::new(Post::default());
    let house = House::with(greenroom_store::memory(), Some(identity(&post)), |policy| {
        policy.allow_from = vec![id("*")];
    })
    .await;
    let before = |words: &str| ana(words).also_known_as("lid:1");
    link(&house, &post, before, EMAIL).await;
    let after = |words: &str| text_from(BEN, words).also_known_as("lid:1");
    assert_eq!(says(&house, after("hello")).await, ["hello", ENGLISH.linking.anew]);
    assert_eq!(last(&house).linked, None);
    assert_eq!(says(&house, after("hello")).await, ["hello"]);
    link(&house, &post, after, EMAIL).await;
    says(&house, after("hello")).await;
    assert!(last(&house).linked.is_some());
    assert_eq!(person(&house, BEN).await.links.len(), 1, "the same link, proved anew");
}

#[tokio::test]
async fn who_proved_one_address_has_one_memory_only_where_it_is_configured() {
    for shares in [false, true] {
        let post = Arc::new(Post::default());
        let sharing = if shares { vec![id("helper")] } else { Vec::new() };
        let parts = Identity { shared_memory: sharing.into_iter().collect(), ..identity(&post) };
        let house = remembering(Some(parts)).await;
        let ben = |words: &str| text_from(BEN, words);
        says(&house, ana("before she was linked")).await;
        link(&house, &post, ana, EMAIL).await;
        link(&house, &post, ben, EMAIL).await;
        says(&house, ana("said by one")).await;
        says(&house, ben("said by the other")).await;
        says(&house, ana("and?")).await;
        let asked: Vec<String> = last(&house).history.into_iter().map(|past| past.asked).collect();
        if shares {
            assert_eq!(asked, ["said by one", "said by the other"]);
        } else {
            assert_eq!(asked, ["before she was linked", "said by one"]);
        }
        says(&house, ben("unlink")).await;
        says(&house, ben("what do you know?")).await;
        assert!(last(&house).history.iter().all(|past| past.asked == "said by the other"), "nothing of Ana's is left");
        says(&house, ana("/new")).await;
        says(&house, ana("what do you know?")).await;
        assert!(last(&house).history.is_empty(), "/new forgets what is shared too");
    }
}

#[tokio::test]
async fn what_an_assistant_remembers_is_shared_like_the_history() {
    for shares in [false, true] {
        let post = Arc::new(Post::default());
        let sharing = if shares { vec![id("helper")] } else { Vec::new() };
        let parts = Identity { shared_memory: sharing.into_iter().collect(), ..identity(&post) };
        let everybody = |policy: &mut ChannelPolicy| policy.allow_from = vec![id("*")];
        let by_state = assistants::remembering_by_state();
        let house = House::answered_by(by_state, greenroom_store::memory(), Some(parts), everybody).await;
        let ben = |words: &str| text_from(BEN, words);
        link(&house, &post, ana, EMAIL).await;
        link(&house, &post, ben, EMAIL).await;
        assert_eq!(says(&house, ana("tea")).await, ["before: nothing"]);
        let expected = if shares { "before: tea" } else { "before: nothing" };
        assert_eq!(says(&house, ben("coffee")).await, [expected]);
    }
}

#[tokio::test]
async fn who_is_forgotten_leaves_no_link_and_no_history() {
    let post = Arc::new(Post::default());
    let parts = Identity { shared_memory: [id("helper")].into(), ..identity(&post) };
    let house = remembering(Some(parts)).await;
    says(&house, ana("a secret")).await;
    link(&house, &post, ana, EMAIL).await;
    says(&house, ana("another secret")).await;
    assert_eq!(says(&house, ana("forget me")).await, [ENGLISH.linking.ask_forget]);
    assert_eq!(says(&house, ana("forget me")).await, [ENGLISH.linking.forgotten]);
    assert!(person(&house, ANA).await.links.is_empty());
    says(&house, ana("what do you know?")).await;
    assert!(last(&house).history.is_empty() && last(&house).linked.is_none());
}

#[tokio::test]
async fn where_it_is_not_configured_such_words_are_for_the_assistant() {
    let house = House::new().await;
    for words in ["link my account", "forget me", "12345678"] {
        assert_eq!(says(&house, ana(words)).await, [words]);
    }
}
