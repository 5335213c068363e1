//! What a message of an application says about what it answers.

use proto::{
    Id,
    interaction::{APPLICATION_COMMAND, InteractionMetadata, MODAL_SUBMIT, MessageInteraction},
    marker,
    message::{Attachment, IS_COMPONENTS_V2},
    user::User,
};
use serde_json::{Value as Json, json};

use crate::{
    component,
    rows::{Answers, MessageRow},
};

/// Who is named.
pub(super) fn people(answers: &Answers) -> Vec<Id<marker::User>> {
    let mut people: Vec<_> =
        [Some(answers.user_id), answers.target_user].into_iter().flatten().collect();
    if let Some(opener) = &answers.opened_by {
        people.extend([Some(opener.user_id), opener.target_user].into_iter().flatten());
    }
    people
}

pub(super) fn metadata(
    row: &MessageRow,
    user: &impl Fn(Id<marker::User>) -> User,
) -> Option<Box<InteractionMetadata>> {
    let answers = row.answers.as_ref()?;
    Some(Box::new(told(row, answers, user)))
}

fn told(
    row: &MessageRow,
    answers: &Answers,
    user: &impl Fn(Id<marker::User>) -> User,
) -> InteractionMetadata {
    let owner = match row.guild_id {
        Some(guild) => json!(guild),
        None => json!("0"),
    };
    let opener = answers.opened_by.as_ref().filter(|_| answers.kind == MODAL_SUBMIT);
    InteractionMetadata {
        id: answers.interaction_id,
        kind: answers.kind,
        user: user(answers.user_id),
        authorizing_integration_owners: json!({ "0": owner }),
        name: answers.name.clone(),
        command_type: answers.command_type,
        original_response_message_id: answers.original,
        target_user: answers.target_user.map(user),
        target_message_id: answers.target_message,
        interacted_message_id: answers.interacted.filter(|_| answers.kind != MODAL_SUBMIT),
        triggering_interaction_metadata: opener.map(|opener| Box::new(told(row, opener, user))),
    }
}

pub(super) fn interaction(
    row: &MessageRow,
    user: &impl Fn(Id<marker::User>) -> User,
) -> Option<Box<MessageInteraction>> {
    let answers = row.answers.as_ref().filter(|answers| answers.kind == APPLICATION_COMMAND)?;
    Some(Box::new(MessageInteraction {
        id: answers.interaction_id,
        kind: answers.kind,
        name: answers.name.clone().unwrap_or_default(),
        user: user(answers.user_id),
    }))
}

/// Components, with the addresses of the files that they show.
pub(super) fn components(row: &MessageRow, files: &[Attachment]) -> Vec<Json> {
    let mut components = row.components.clone();
    if row.flags & IS_COMPONENTS_V2 != 0 {
        let file = |name: &str| {
            let file = files.iter().find(|file| file.filename == name)?;
            Some(json!({
                "url": file.url,
                "proxy_url": file.proxy_url,
                "attachment_id": file.id,
                "content_type": file.content_type,
                "width": file.width,
                "height": file.height,
                "filename": file.filename,
                "size": file.size,
            }))
        };
        component::with_files(&mut components, &file);
    }
    components
}
