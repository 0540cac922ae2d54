//! Every family of post that the world sends, against the whole program: what the person hears, and nothing else.

use super::{ANA, Bot, NAME, pair, pair_with, quick};
use greenroom_channel_whatsapp_cloud::config::Template;
use greenroom_conformance::messages::id;
use greenroom_simulator_whatsapp_cloud::{
    Content, DownloadFault, GraphError, Person, SendFault, Settings, Simulator, Statuses,
};
use serde_json::{Value, json};

/// What the network calls a text that says a kind is not understood.
const SENTENCE: &str = "I cannot read this kind of message yet";

/// A post, as the network would make it of a message.
fn body(person: &Person, part: Value) -> Value {
    let (_, body) = person.sends(part).into_body();
    serde_json::from_slice(&body).expect("the simulator writes JSON")
}

fn text(words: &str) -> Value {
    json!({"type": "text", "text": {"body": words}})
}

fn value(body: &mut Value) -> &mut Value {
    &mut body["entry"][0]["changes"][0]["value"]
}

fn history(person: &Person) -> Vec<String> {
    let words = |content: Content| match content {
        Content::Text(text) => text,
        other => format!("{other:?}"),
    };
    person.history().into_iter().map(|sent| words(sent.content)).collect()
}

struct Stage {
    meta: Simulator,
    bot: Bot,
    client: reqwest::Client,
    people: u32,
    _folder: tempfile::TempDir,
}

impl Stage {
    async fn new(settings: Settings) -> Self {
        let (meta, bot, folder) = pair(settings).await;
        Self { meta, bot, client: reqwest::Client::new(), people: 0, _folder: folder }
    }

    /// Someone who has not written before.
    fn someone(&mut self) -> Person {
        self.people += 1;
        self.meta.person(&format!("+1555200{:04}", self.people))
    }

    async fn takes(&self, body: &Value) {
        let status = self.bot.post(&self.meta, &self.client, body.to_string().into_bytes()).await;
        assert_eq!(status, 200, "{body}");
    }

    /// Posts these bodies and says what the person heard when all is done.
    async fn hears(&self, person: &Person, bodies: &[Value]) -> Vec<String> {
        for body in bodies {
            self.takes(body).await;
            self.bot.settled().await;
        }
        history(person)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_message_is_answered_explained_once_or_passed_over() {
    let mut stage = Stage::new(Settings { statuses: Statuses::None, ..quick() }).await;
    let interactive =
        |kind: &str, part: Value| json!({"type": "interactive", "interactive": {"type": kind, kind: part}});
    let unsupported =
        |kind: &str| json!({"type": "unsupported", "unsupported": {"type": kind}, "errors": [{"code": 131_051}]});
    let form =
        json!({"name": "flow", "body": "Sent", "response_json": "{\"flow_token\":\"t\",\"note\":\"quick and kind\"}"});
    let words: &[(Value, &str)] = &[
        (text("hello"), "hello"),
        (text("où ça 🙂 שלום"), "où ça 🙂 שלום"),
        (json!({"type": "video", "video": {"id": "1", "caption": "my cat"}}), "my cat"),
        (json!({"type": "order", "order": {"text": "gift-wrap it"}}), "gift-wrap it"),
        (json!({"type": "button", "button": {"text": "No", "payload": "n"}}), "No (n)"),
        (interactive("list_reply", json!({"id": "a", "title": "Tomorrow"})), "Tomorrow (a)"),
        (interactive("nfm_reply", form), "Sent\nnote: quick and kind"),
        (
            json!({"type": "text", "text": {"body": "from an ad"}, "referral": {"source_type": "ad", "headline": "x"}}),
            "from an ad",
        ),
    ];
    for (part, expected) in words {
        let person = stage.someone();
        assert_eq!(stage.hears(&person, &[body(&person, part.clone())]).await, [*expected], "{part}");
    }
    let sentences = [
        json!({"type": "sticker", "sticker": {"id": "1"}}),
        json!({"type": "contacts", "contacts": []}),
        json!({"type": "location", "location": {"latitude": "north"}}),
        json!({"type": "document", "document": {"filename": "a.pdf"}}),
        interactive("kind_of_tomorrow", json!({})),
        unsupported("poll_creation"),
        json!({"type": "kind_of_tomorrow"}),
    ];
    for part in sentences {
        let person = stage.someone();
        let heard = stage.hears(&person, &[body(&person, part.clone()), body(&person, part.clone())]).await;
        assert!(
            matches!(heard.as_slice(), [one] if one.starts_with(SENTENCE) && !one.contains('_')),
            "{part}: {heard:?}"
        );
    }
    let silence = [
        text(""),
        json!({"type": "request_welcome"}),
        json!({"type": "reaction"}),
        json!({"type": "system", "system": {"type": "customer_identity_changed"}}),
        json!({"type": "system", "system": {"type": "user_moved_to_mars"}}),
        json!({"type": "edit", "edit": {"original_message_id": "wamid.X", "message": {"image": {"id": "1"}}}}),
        json!({"type": "revoke", "revoke": {"original_message_id": "wamid.X"}}),
        json!({"type": "revoke"}),
        unsupported("edit"),
        unsupported("pin"),
        interactive("call_permission_reply", json!({"response": "accept"})),
    ];
    for part in silence {
        let person = stage.someone();
        let post = body(&person, part.clone());
        assert!(stage.hears(&person, std::slice::from_ref(&post)).await.is_empty(), "{part}");
        // Nothing is silent without a reason, where there is a message at all.
        let message = post["entry"][0]["changes"][0]["value"]["messages"][0]["id"].as_str().expect("it has an id");
        let why = stage.bot.why(message).await;
        let is_event = !matches!(part["type"].as_str(), Some("edit" | "revoke"));
        assert_eq!(why.starts_with("not answered"), is_event, "{part}: {why:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_odd_part_holds_back_nothing_and_no_post_is_refused_for_ever() {
    let mut stage = Stage::new(Settings { statuses: Statuses::None, ..quick() }).await;
    let half = "\u{1}HALF";
    for odd in [
        json!(null),
        json!({"field": "messages"}),
        json!({"field": "messages", "value": null}),
        json!({"field": "messages", "value": {}}),
        json!({"value": {}}),
        json!({"field": "messages", "value": {"metadata": {"phone_number_id": 7}, "messages": {}}}),
        json!(half),
    ] {
        let person = stage.someone();
        let mut post = body(&person, text("good"));
        for at in [0, 2] {
            post["entry"][0]["changes"].as_array_mut().expect("a list").insert(at, odd.clone());
        }
        post["entry"].as_array_mut().expect("a list").push(json!({"id": "1"}));
        post["odd"] = json!(half);
        let bytes = post.to_string().replace("\\u0001HALF", "\\ud83d").into_bytes();
        assert_eq!(stage.bot.post(&stage.meta, &stage.client, bytes).await, 200, "{odd}");
        stage.bot.settled().await;
        assert_eq!(history(&person), ["good"], "{odd}");
    }
    let person = stage.someone();
    let mut post = body(&person, text("unused"));
    for odd in [json!([]), json!([{"type": "text"}]), json!({}), json!([null, 7])] {
        value(&mut post)["messages"] = odd;
        stage.takes(&post).await;
    }
    stage.bot.settled().await;
    assert!(history(&person).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_answered_once_however_often_and_late_it_comes() {
    let mut stage = Stage::new(Settings { statuses: Statuses::None, ..quick() }).await;
    let (one, two) = (stage.someone(), stage.someone());
    let post = body(&one, text("once"));
    assert_eq!(stage.hears(&one, &[post.clone(), post.clone(), post.clone()]).await, ["once"]);
    // The same message in another envelope, beside one of another person.
    let mut both = body(&two, text("new"));
    let old = post["entry"][0]["changes"][0]["value"]["messages"][0].clone();
    value(&mut both)["messages"].as_array_mut().expect("a list").push(old);
    assert_eq!(stage.hears(&two, &[both]).await, ["new"]);
    assert_eq!(history(&one), ["once"]);
    let late = stage.someone();
    let mut post = body(&late, text("in milliseconds"));
    let seconds = value(&mut post)["messages"][0]["timestamp"].as_str().expect("seconds").to_owned();
    value(&mut post)["messages"][0]["timestamp"] = json!(format!("{seconds}000"));
    value(&mut post)["contacts"] = Value::Null;
    assert_eq!(stage.hears(&late, &[post]).await, ["in milliseconds"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_person_is_admitted_under_every_address_that_was_learned_with_the_listed_one() {
    let listed = |entries: &'static [&'static str]| {
        pair_with(Settings { statuses: Statuses::None, ..quick() }, move |mut setup| {
            setup.policy.allow_from = entries.iter().copied().map(id).collect();
            setup
        })
    };
    let (meta, bot, _folder) = listed(&[ANA]).await;
    let client = reqwest::Client::new();
    let (ana, eve) = (meta.person(ANA), meta.person("+15559990000"));
    let hide = |mut post: Value| {
        value(&mut post)["messages"][0]["from"] = Value::Null;
        value(&mut post)["contacts"] = json!([]);
        post
    };
    let send = async |post: Value| assert_eq!(bot.post(&meta, &client, post.to_string().into_bytes()).await, 200);
    send(hide(body(&eve, text("a stranger")))).await;
    send(body(&ana, text("with number"))).await;
    let hidden = hide(body(&ana, text("without")));
    let message = hidden["entry"][0]["changes"][0]["value"]["messages"][0]["id"].as_str().expect("an id").to_owned();
    send(hidden).await;
    bot.settled().await;
    let why = bot.why(&message).await;
    assert!(why.contains(ANA) && why.contains("known as bsuid:"), "{why}");
    ana.changes_number("+15551239999").await;
    send(body(&ana, text("new number"))).await;
    send(hide(body(&eve, text("a stranger still")))).await;
    bot.settled().await;
    assert_eq!(history(&ana), ["with number", "without", "new number"]);
    assert!(history(&eve).is_empty());

    // Brazil's mobile numbers have two spellings.
    let (meta, bot, _folder) = listed(&["+5511987654321"]).await;
    let ana = meta.person("+551187654321");
    ana.says("oi").await;
    meta.person("+551187654322").says("oi").await;
    bot.settled().await;
    assert_eq!((history(&ana), meta.sent().len()), (vec!["oi".to_owned()], 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_network_tells_later_is_in_the_trace_and_stops_the_account_where_it_must() {
    let (meta, bot, _folder) = pair(Settings { statuses: Statuses::None, ..quick() }).await;
    let (ana, ben) = (meta.person(ANA), meta.person("+15557654321"));
    meta.plan_send(SendFault::TakeAndFail(GraphError::new(131_026, "not on WhatsApp")));
    let lost = ana.says("one").await;
    let why = bot.until_why(&lost, "131026").await;
    assert!(why.contains("network says failed"), "{why}");
    ben.says("another").await;
    assert_eq!(ben.received().await.text(), "another", "it concerned one message");
    meta.plan_send(SendFault::TakeAndFail(GraphError::new(131_042, "no payment method")));
    ana.says("two").await;
    let problem = bot.until_problem("payment method").await;
    assert!(problem.contains("131042"), "{problem}");
    // What cannot be sent now is kept.
    let kept = ana.says("three").await;
    bot.until_why(&kept, "queued").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_the_network_cannot_carry_is_said_in_words() {
    let mut stage = Stage::new(Settings { statuses: Statuses::None, ..quick() }).await;
    let webp = b"RIFF\x10\0\0\0WEBPVP8 rest".to_vec();
    let large = [b"\x89PNG\r\n\x1a\n".to_vec(), vec![7; 5 * 1024 * 1024]].concat();
    for bytes in [webp, large] {
        let person = stage.someone();
        person.shows("image/png", bytes, Some("look here")).await;
        stage.bot.settled().await;
        let heard = history(&person);
        assert!(
            matches!(heard.as_slice(), [one] if one.starts_with("look here") && one.contains("picture")),
            "{heard:?}"
        );
    }
    for bytes in [b"<html>log in</html>".to_vec(), Vec::new()] {
        let person = stage.someone();
        person.shows("image/jpeg", bytes, None).await;
        stage.bot.settled().await;
        assert_eq!(history(&person), ["I could not open that picture, please send it again."]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_instead_of_graph_loses_no_answer_and_stops_no_account() {
    let (meta, bot, _folder) = pair(Settings { statuses: Statuses::None, ..quick() }).await;
    let ana = meta.person(ANA);
    ana.says("warm").await;
    assert_eq!(ana.received().await.text(), "warm");
    meta.plan_send(SendFault::Status(404));
    let message = ana.says("behind a portal").await;
    bot.until_why(&message, "not sent yet").await;
    let health = bot.running.handle().health().await;
    assert!(!health.accounts[0].status.to_string().contains("stopped"), "{health:?}");
    assert!(!bot.why(&message).await.contains("dropped"), "it is kept");
}

/// A group hears the bot only when it calls it; what a claim says about a quote does not matter.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_hears_it_by_its_name_or_in_answer_to_itself() {
    let stage = Stage::new(Settings { statuses: Statuses::None, ..quick() }).await;
    let ana = stage.meta.person(ANA);
    let group = stage.meta.group("G1", &[&ana]);
    let said = |words: &str, context: Value| {
        let (_, body) = ana.sends(text(words)).in_group(&group).into_body();
        let mut post: Value = serde_json::from_slice(&body).expect("JSON");
        value(&mut post)["messages"][0]["context"] = context;
        post
    };
    let mut nameless = said("not for you", json!({"from": "abc", "id": "wamid.X"}));
    value(&mut nameless)["metadata"]["display_phone_number"] = json!("");
    stage.takes(&nameless).await;
    stage.takes(&said(&format!("{NAME}, hello"), Value::Null)).await;
    stage.bot.settled().await;
    let ours = stage.meta.sent().pop().expect("an answer").id;
    stage.takes(&said("really?", json!({"from": stage.meta.settings().numbers[0].id, "id": ours}))).await;
    stage.bot.settled().await;
    let sent: Vec<_> = stage.meta.sent().iter().map(|sent| sent.text().to_owned()).collect();
    assert!(matches!(sent.as_slice(), [one, two] if one.contains("hello") && two == "really?"), "{sent:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_whose_window_turns_out_to_be_closed_waits_or_takes_the_template() {
    for template in [None, Some(Template { name: "late_answer".into(), language: "en_US".into() })] {
        let settings = Settings { statuses: Statuses::None, ..quick() };
        let (meta, bot, _folder) = pair_with(settings, |mut setup| {
            setup.config.template = template.clone();
            setup
        })
        .await;
        let ana = meta.person(ANA);
        meta.plan_send(SendFault::TakeAndFail(GraphError::new(131_047, "more than 24 hours")));
        let message = ana.says("late").await;
        bot.until_why(&message, "131047").await;
        let traces = bot.running.handle().store().why(&id(&message), None).await.expect("a healthy store");
        bot.until_why(&format!("again:{}", traces[0].parcels[0].id), "held").await;
        bot.settled().await;
        if template.is_some() {
            assert!(matches!(ana.history().pop().map(|sent| sent.content), Some(Content::Template { .. })));
            continue;
        }
        let before = history(&ana).len();
        ana.says("here I am").await;
        bot.settled().await;
        let heard = history(&ana);
        assert_eq!(heard[before..], ["late", "here I am"], "{heard:?}");
    }
}

/// A picture that cannot be fetched now does not hold back what is written below it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_are_answered_although_a_picture_before_them_cannot_be_fetched() {
    let mut stage = Stage::new(Settings { statuses: Statuses::None, ..quick() }).await;
    let person = stage.someone();
    for _ in 0..100 {
        stage.meta.plan_download(DownloadFault::Cut);
    }
    person.shows("image/png", b"\x89PNG\r\n\x1a\nmore of it".to_vec(), None).await;
    person.says("what is that").await;
    let mut heard = [person.received().await, person.received().await].map(|sent| sent.text().to_owned());
    heard.sort();
    assert_eq!(heard, ["I could not open that picture, please send it again.", "what is that"]);
}
