use super::*;
use crate::screen::Style;
use crate::screen::tests::Shown;
use greenroom_contract::ids::{AccountId, ChatId, OutboundId};
use greenroom_contract::message::{Addressing, Chat};
use greenroom_contract::outbound::{OutboundBody, Window};
use greenroom_contract::time::Clock;
use std::io::Cursor;

/// Takes everything and remembers it.
#[derive(Default)]
struct Recorder(Mutex<Vec<ChannelEvent>>);

#[async_trait]
impl EventSink for Recorder {
    async fn emit(&self, events: Vec<ChannelEvent>) -> Result<(), SinkError> {
        self.0.lock().unwrap().extend(events);
        Ok(())
    }
    fn alive(&self, _sign: Sign) {}
}

struct Desk {
    link: Arc<ConsoleLink>,
    output: Shown,
    notes: Shown,
}

fn desk(typed: &str) -> Desk {
    let (output, notes) = (Shown::default(), Shown::default());
    let screen = Screen::new(Box::new(output.clone()), Box::new(notes.clone()), Style::Plain, false);
    let input = Arc::new(Input::new(Box::new(Cursor::new(typed.to_owned()))));
    let talk = Talk::new(AccountId::new("a").unwrap(), None, Vec::new(), Clock::System);
    Desk { link: Arc::new(ConsoleLink::new(input, Arc::new(Mutex::new(screen)), talk)), output, notes }
}

async fn typed(lines: &str) -> (Vec<ChannelEvent>, String) {
    let desk = desk(lines);
    let sink = Arc::new(Recorder::default());
    let ended = desk.link.run(Arc::clone(&sink) as Arc<dyn EventSink>, CancellationToken::new()).await;
    assert_eq!(ended, Ended::Finished);
    let events = sink.0.lock().unwrap().clone();
    (events, desk.notes.text())
}

fn outbound(text: &str) -> Outbound {
    let account = AccountId::new("a").unwrap();
    Outbound {
        id: OutboundId::new("3EB0AA").unwrap(),
        route: Route { account, chat: ChatId::new(crate::LOCAL_PERSON).unwrap(), kind: Chat::Direct },
        reply_to: None,
        recipient: None,
        window: Window::Open,
        body: OutboundBody::Text(text.to_owned()),
    }
}

#[tokio::test]
async fn every_kind_of_message_can_be_typed() {
    let folder = tempfile::tempdir().unwrap();
    let (picture, voice) = (folder.path().join("a.png"), folder.path().join("a.ogg"));
    std::fs::write(&picture, b"x").unwrap();
    std::fs::write(&voice, b"x").unwrap();
    let lines = format!(
        "hello\n/image {p} us\n/voice {v}\n/file {p} read\n/location 1,2\n/contact Ana +1555\n/help\n/edit other\n/delete\n/group g\n/mention you\n/quit\nunread\n",
        p = picture.display(),
        v = voice.display()
    );
    let (events, notes) = typed(&lines).await;
    let kinds: Vec<&str> = events
        .iter()
        .map(|event| match event {
            ChannelEvent::Message(inbound) => match &inbound.body {
                Body::Text(_) if inbound.addressing == Addressing::Mentioned => "mention",
                Body::Text(_) => "text",
                Body::Image { .. } => "image",
                Body::Voice { .. } => "voice",
                Body::Unsupported { .. } => "unsupported",
                Body::Choice { .. } => "choice",
                Body::Document { .. } => "document",
                Body::Location(_) => "location",
                Body::Contacts(_) => "contacts",
                Body::Reaction { .. } => "reaction",
                Body::Unreadable(_) => "unreadable",
                Body::Event { .. } => "event",
            },
            ChannelEvent::Edited { .. } => "edited",
            ChannelEvent::Revoked { .. } => "revoked",
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        kinds,
        ["text", "image", "voice", "document", "location", "contacts", "text", "edited", "revoked", "mention"]
    );
    assert!(notes.starts_with("this goes to the bot; /? lists"), "{notes}");
    assert!(notes.contains("you are in the group g"), "{notes}");
}

#[tokio::test]
async fn mistakes_are_answered_at_once_and_send_nothing() {
    let (events, notes) =
        typed("/image /nowhere/a.png\n/imag x\n/reply hi\n/pick 9\n/file /nowhere/b.pdf\n/file\n\n").await;
    assert_eq!(events, []);
    let notes: Vec<&str> = notes.lines().collect();
    assert_eq!(notes[0], "there is no file /nowhere/a.png");
    assert_eq!(notes[1], "unknown command /imag; did you mean /image? //imag sends it to the bot as it is");
    assert_eq!(notes[2], "the bot has said nothing here yet");
    assert_eq!(notes[3], "the bot has offered nothing to choose from here yet");
    assert_eq!(notes[4], "there is no file /nowhere/b.pdf");
    assert_eq!(notes[5], "write /file PATH");
}

#[tokio::test]
async fn an_answer_is_shown_and_can_be_replied_to() {
    let desk = desk("/reply and now?\n/react +\n");
    let receipt = desk.link.send(&outbound("hello")).await.unwrap();
    assert_eq!(receipt.message.as_str(), "3EB0AA");
    assert_eq!(desk.output.text(), "hello\n");
    let sink = Arc::new(Recorder::default());
    desk.link.run(Arc::clone(&sink) as Arc<dyn EventSink>, CancellationToken::new()).await;
    let events = sink.0.lock().unwrap().clone();
    let [ChannelEvent::Message(reply), ChannelEvent::Message(reaction)] = events.as_slice() else { panic!() };
    assert_eq!(reply.quote.as_ref().map(|quote| quote.message.as_str()), Some("3EB0AA"));
    assert!(matches!(&reaction.body, Body::Reaction { to, .. } if to.as_str() == "3EB0AA"));
}

#[tokio::test]
async fn a_stop_ends_a_run_that_waits_for_a_line_and_the_next_run_goes_on() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let mut desk = desk("");
    let talk = Talk::new(AccountId::new("a").unwrap(), None, Vec::new(), Clock::System);
    let screen = Arc::clone(&desk.link.screen);
    desk.link = Arc::new(ConsoleLink::new(Arc::new(Input::new(Box::new(reader))), screen, talk));
    let sink = Arc::new(Recorder::default());
    let stop = CancellationToken::new();
    stop.cancel();
    assert_eq!(desk.link.run(Arc::clone(&sink) as Arc<dyn EventSink>, stop).await, Ended::Stopped);
    std::io::Write::write_all(&mut writer, b"hello\n").unwrap();
    drop(writer);
    let ended = desk.link.run(Arc::clone(&sink) as Arc<dyn EventSink>, CancellationToken::new()).await;
    assert_eq!((ended, sink.0.lock().unwrap().len()), (Ended::Finished, 1));
}

#[tokio::test(start_paused = true)]
async fn a_long_input_without_answers_is_read_more_slowly_but_whole() {
    let lines = limits::CONSOLE_UNANSWERED_MAX * 10;
    let begun = tokio::time::Instant::now();
    let (events, _) = typed(&"hello\n".repeat(lines)).await;
    assert_eq!(events.len(), lines);
    let waited = begun.elapsed();
    assert!((limits::CONSOLE_ANSWER_WAIT * 9..limits::CONSOLE_ANSWER_WAIT * 12).contains(&waited), "{waited:?}");
}

struct Broken;

impl std::io::Write for Broken {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::BrokenPipe.into())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn an_output_that_nobody_reads_refuses_answers_and_ends_the_talk() {
    let desk = desk("");
    *desk.link.screen() = Screen::new(Box::new(Broken), Box::new(Shown::default()), Style::Plain, false);
    assert!(matches!(desk.link.send(&outbound("hello")).await, Err(SendError::Refused { .. })));
    let (reader, _kept_open) = std::io::pipe().unwrap();
    let link = ConsoleLink { input: Arc::new(Input::new(Box::new(reader))), ..Arc::into_inner(desk.link).unwrap() };
    let ended = link.run(Arc::new(Recorder::default()), CancellationToken::new()).await;
    assert_eq!(ended, Ended::Finished, "and nothing more is read");
}
