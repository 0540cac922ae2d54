//! How WhatsApp writes a phone number, as its servers say.

use crate::ids::address::{address, bare};
use greenroom_contract::address::Address;
use greenroom_contract::cause::Cause;
use whatsapp_rust::{Client, Jid};

/// The number under which WhatsApp knows this one; `None` if no one has it there. One small question, and no one is told.
pub(crate) async fn look_up(client: &Client, number: &Address) -> Result<Option<Address>, Cause> {
    if number.namespace() != Address::PHONE {
        return Err("not a phone number".into());
    }
    let asked = Jid::pn(number.value());
    let found = client.contacts().is_on_whatsapp(std::slice::from_ref(&asked)).await;
    let found = found.map_err(|error| Cause::from(error.to_string()))?;
    // One number was asked for, so whatever comes is about it.
    let user = found.into_iter().next().ok_or("WhatsApp said nothing about this number")?;
    if let Some(error) = user.contact_error {
        return Err(error.text.unwrap_or_else(|| "WhatsApp refused the question".to_owned()).into());
    }
    if !user.is_registered {
        return Ok(None);
    }
    let jid = bare(user.pn_jid.as_ref().unwrap_or(&user.jid));
    let known_as = address(&jid).filter(|address| address.namespace() == Address::PHONE);
    // An answer by LID alone does not say how the number is written.
    Ok(Some(known_as.unwrap_or_else(|| number.clone())))
}
