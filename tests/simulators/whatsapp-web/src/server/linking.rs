//! Linking a companion: references for QR codes, pairing codes, the phone's signature, the companion's answer.

use super::context::Context;
use super::login::{request, stream_error_node};
use super::{devices, notify};
use crate::stanza::{self, leaf};
use crate::stream_end::StreamError;
use crate::world::device::{Device, Keys, SignedPrekey};
use crate::world::{DeviceId, Outgoing, Outlet, Pairing, Reference, Registration, World};
use anyhow::{Context as _, Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use whatsapp_rust::wacore::libsignal::protocol::PublicKey;
use whatsapp_rust::wacore_binary::builder::NodeBuilder;
use whatsapp_rust::wacore_binary::{Node, NodeContent, Server};
use whatsapp_rust::waproto::buffa::Message as _;
use whatsapp_rust::waproto::whatsapp::{
    ADVDeviceIdentity, ADVSignedDeviceIdentity, ADVSignedDeviceIdentityHMAC, ClientPairingProps, ClientPayload,
    DeviceProps,
};

const REFERENCES: u64 = 6;
const FIRST_REFERENCE_MS: u64 = 60_000;
const NEXT_REFERENCE_MS: u64 = 20_000;
/// A phone may scan a code this long after the client should have replaced it.
const GRACE_MS: u64 = 3_000;
const PAIRING_CODE_MS: u64 = 180_000;

/// Takes somebody without an account, and offers references.
pub(crate) fn register(
    world: &mut World,
    context: &Context<'_>,
    number: u64,
    noise_public: [u8; 32],
    payload: &ClientPayload,
    outlet: &Outlet,
) -> Result<()> {
    let data = payload.device_pairing_data.as_option().context("neither a user name nor pairing data")?;
    let identity: [u8; 32] = data.e_ident.as_deref().unwrap_or_default().try_into().context("the identity key")?;
    let field = |bytes: &Option<Vec<u8>>, length: usize, what: &str| -> Result<Vec<u8>> {
        let bytes = bytes.clone().unwrap_or_default();
        ensure!(bytes.len() == length, "the {what} has {} bytes instead of {length}", bytes.len());
        Ok(bytes)
    };
    ensure!(data.e_keytype.as_deref() == Some(&[5]), "the key type is not 5");
    field(&data.build_hash, 16, "build hash")?;
    let signed = SignedPrekey {
        id: field(&data.e_skey_id, 3, "signed prekey's id")?,
        public: field(&data.e_skey_val, 32, "signed prekey")?,
        signature: field(&data.e_skey_sig, 64, "signed prekey's signature")?,
    };
    verify_prekey(&identity, &signed)?;
    let registration = field(&data.e_regid, 4, "registration id")?;
    let keys = Keys { registration, signed: Some(signed), ..Keys::default() };
    let properties = DeviceProps::decode_from_slice(data.device_props.as_deref().unwrap_or_default())
        .context("the device properties are malformed")?;
    let references = (0..REFERENCES).map(|index| Reference {
        bytes: new_reference(),
        valid_until_ms: context.now_ms + FIRST_REFERENCE_MS + index * NEXT_REFERENCE_MS + GRACE_MS,
        used: false,
    });
    let registration = Registration {
        outlet: outlet.clone(),
        noise_public,
        identity,
        keys,
        platform: properties.os.clone().unwrap_or_default(),
        references: references.collect(),
        code_for: None,
        pairing: None,
        passkey_pending: context.hub.options.passkey,
    };
    let references: Vec<Node> = registration.references.iter().map(|r| leaf("ref", r.bytes.clone())).collect();
    world.registrations.insert(number, registration);
    let id = world.stanza_id();
    let offer = NodeBuilder::new("pair-device").children(references).build();
    world.write_unlinked(number, request(id, "md").children([offer]).build());
    Ok(())
}

/// Whether a signed prekey was signed by this identity.
pub(crate) fn verify_prekey(identity: &[u8; 32], signed: &SignedPrekey) -> Result<()> {
    let identity = PublicKey::from_djb_public_key_bytes(identity)?;
    let message = [&[5][..], &signed.public].concat();
    ensure!(identity.verify_signature(&message, &signed.signature), "the signed prekey's signature is wrong");
    Ok(())
}

fn new_reference() -> Vec<u8> {
    format!("2@{}", URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())).into_bytes()
}

/// The companion that shows this reference, if it may still be used.
pub(crate) fn offered(world: &World, now_ms: u64, reference: &[u8]) -> Option<u64> {
    let shows = |registration: &Registration| {
        let mut references = registration.references.iter();
        references.any(|r| r.bytes == reference && !r.used && now_ms <= r.valid_until_ms)
    };
    world.registrations.iter().find(|(_, registration)| shows(registration)).map(|(&number, _)| number)
}

/// Writes the phone's signature to the companion and waits for its answer in `pairing.done`.
pub(crate) fn pair(
    world: &mut World,
    context: &Context<'_>,
    account: usize,
    reference: &[u8],
    blob: Vec<u8>,
    key_index: u32,
    done: tokio::sync::oneshot::Sender<Result<u16>>,
) -> Result<()> {
    let number = offered(world, context.now_ms, reference).context("the code is not valid any more")?;
    let companions = world.accounts[account].companions().count();
    let companions_max = context.hub.options.companions_max;
    ensure!(companions < companions_max, "{companions_max} devices are already linked to this account");
    let wrapped = ADVSignedDeviceIdentityHMAC::decode_from_slice(&blob).context("the phone's blob is malformed")?;
    let signed = wrapped.details.context("the phone's blob is empty")?;
    let device = world.accounts[account].device_last + 1;
    let iq = world.stanza_id();
    let Some(registration) = world.registrations.get_mut(&number) else { bail!("the companion is gone") };
    if registration.passkey_pending {
        ask_for_passkey(world, context, number);
        bail!("the account asks for a passkey first");
    }
    for shown in registration.references.iter_mut().filter(|shown| shown.bytes == reference) {
        shown.used = true;
    }
    registration.pairing = Some(Pairing { iq: iq.clone(), account, device, key_index, signed, done });
    world.accounts[account].device_last = device;

    let id = DeviceId { account, device };
    let mut children = vec![
        leaf("device-identity", blob),
        NodeBuilder::new("device")
            .attr("jid", world.jid(id, Server::Pn))
            .attr("lid", world.jid(id, Server::Lid))
            .build(),
    ];
    if context.hub.options.business {
        let name = world.accounts[account].name.as_str();
        children.push(NodeBuilder::new("biz").attr("name", name).build());
    }
    let platform = if context.hub.options.business { "smba" } else { "android" };
    children.push(NodeBuilder::new("platform").attr("name", platform).build());
    if context.hub.options.lid_migrated {
        let props = ClientPairingProps { is_chat_db_lid_migrated: Some(true), ..Default::default() };
        children.push(leaf("client-props", props.encode_to_vec()));
    }
    let success = NodeBuilder::new("pair-success").children(children).build();
    world.write_unlinked(number, request(iq, "md").attr("t", context.now).children([success]).build());
    Ok(())
}

fn ask_for_passkey(world: &mut World, context: &Context<'_>, number: u64) {
    let challenge = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    let options = serde_json::json!({"challenge": challenge, "rpId": "web.whatsapp.com", "allowCredentials": [],
        "userVerification": "required", "timeout": 60_000});
    let id = world.stanza_id();
    let notification = NodeBuilder::new("notification")
        .attr("from", stanza::server())
        .attr("type", "passkey_prologue_request")
        .attr("id", id)
        .attr("t", context.now)
        .children([leaf("passkey_request_options", options.to_string().into_bytes())])
        .build();
    world.write_unlinked(number, notification);
}

/// A stanza of somebody who is not linked yet.
pub(crate) fn stanza(world: &mut World, context: &Context<'_>, number: u64, node: &Node) {
    if !world.registrations.contains_key(&number) {
        return;
    }
    match (node.tag.as_ref(), stanza::text(node, "type").as_deref()) {
        ("iq", Some("result" | "error")) => answered(world, context, number, node),
        ("iq", Some("set")) if node.get_optional_child("link_code_companion_reg").is_some() => {
            devices::companion_code(world, context, number, node);
        }
        ("iq", _) => {
            if node.get_optional_child("passkey_prologue").is_some()
                && let Some(registration) = world.registrations.get_mut(&number)
            {
                registration.passkey_pending = false;
            }
            world.write_unlinked(number, stanza::result(node, Vec::new()));
        }
        ("ack" | "ib" | "presence", _) => {}
        (other, _) => world.record.violation(None, format!("<{other}> before a login")),
    }
}

fn answered(world: &mut World, context: &Context<'_>, number: u64, node: &Node) {
    let id = stanza::text(node, "id").unwrap_or_default();
    let Some(registration) = world.registrations.get_mut(&number) else { return };
    let Some(pairing) = registration.pairing.take_if(|pairing| pairing.iq == id) else { return };
    let (identity, outlet) = (registration.identity, registration.outlet.clone());
    let done = match confirm(world, &identity, &pairing, node) {
        Ok(complete) => {
            let Some(mut registration) = world.registrations.remove(&number) else { return };
            registration.references.clear();
            link(world, context, registration, &pairing, &complete);
            let error = stream_error_node(StreamError::Restart);
            world.record.traffic(number, None, false, &error);
            let _ = outlet.send(Outgoing::Node(error));
            let _ = outlet.send(Outgoing::Close);
            Ok(pairing.device)
        }
        Err(error) => {
            world.record.violation(None, format!("linking: {error:#}"));
            let _ = outlet.send(Outgoing::Close);
            Err(error)
        }
    };
    let _ = pairing.done.send(done);
}

/// Checks the companion's answer and returns the complete identity.
fn confirm(world: &World, identity: &[u8; 32], pairing: &Pairing, node: &Node) -> Result<ADVSignedDeviceIdentity> {
    if stanza::text(node, "type").as_deref() == Some("error") {
        let error = node.get_optional_child("error");
        let code = error.and_then(|error| stanza::text(error, "code")).unwrap_or_default();
        bail!("the companion refused: {code}");
    }
    let answer = node.get_optional_child_by_tag(&["pair-device-sign", "device-identity"]);
    let answer = answer.context("an answer without pair-device-sign")?;
    let key_index = stanza::text(answer, "key-index").and_then(|index| index.parse::<u32>().ok());
    ensure!(key_index == Some(pairing.key_index), "the answer names key index {key_index:?}");
    let Some(NodeContent::Bytes(bytes)) = &answer.content else { bail!("the answer carries no identity") };
    let theirs = ADVSignedDeviceIdentity::decode_from_slice(bytes).context("the answer's identity is malformed")?;
    let mut ours = ADVSignedDeviceIdentity::decode_from_slice(&pairing.signed)?;
    ensure!(theirs.details == ours.details, "the companion changed the details");
    ensure!(theirs.account_signature == ours.account_signature, "the companion changed the account's signature");
    let details = ours.details.clone().unwrap_or_default();
    let account_key = world.accounts[pairing.account].identity;
    let signature = theirs.device_signature.context("the companion did not sign")?;
    let message = [&[6, 1][..], &details, identity, &account_key].concat();
    let key = PublicKey::from_djb_public_key_bytes(identity)?;
    ensure!(key.verify_signature(&message, &signature), "the companion's signature is wrong");
    let parsed = ADVDeviceIdentity::decode_from_slice(&details)?;
    ensure!(parsed.key_index == Some(pairing.key_index), "the phone signed another key index");
    ours.account_signature_key = Some(account_key.to_vec());
    ours.device_signature = Some(signature);
    Ok(ours)
}

fn link(
    world: &mut World,
    context: &Context<'_>,
    registration: Registration,
    pairing: &Pairing,
    complete: &ADVSignedDeviceIdentity,
) {
    let device = Device {
        number: pairing.device,
        key_index: pairing.key_index,
        noise_public: registration.noise_public,
        identity: registration.identity,
        platform: registration.platform,
        signed: complete.encode_to_vec(),
        keys: registration.keys,
        last_seen_ms: Some(context.now_ms),
        ..Device::default()
    };
    let id = DeviceId { account: pairing.account, device: pairing.device };
    world.accounts[id.account].devices.insert(id.device, device);
    devices::changed(world, context.now, id.account);
    notify::companion_added(world, context.now, id);
}

/// How long a pairing code's reference is valid.
pub(crate) fn code_reference(context: &Context<'_>) -> Reference {
    Reference { bytes: new_reference(), valid_until_ms: context.now_ms + PAIRING_CODE_MS + GRACE_MS, used: false }
}
