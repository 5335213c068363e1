//! The newest messages of one channel.

use std::collections::BTreeMap;

use proto::{
    Id,
    emoji::Emoji,
    marker,
    message::{Message, Reaction, ReactionCounts, ReactionEvent, ReactionsCleared},
};

/// Oldest first, bounded.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    messages: BTreeMap<Id<marker::Message>, Message>,
    most: usize,
}

impl Timeline {
    pub(super) fn new(page: Vec<Message>, most: usize) -> Self {
        let mut timeline = Self { messages: BTreeMap::new(), most: most.max(1) };
        page.iter().for_each(|message| timeline.put(message));
        timeline
    }

    /// Oldest first.
    pub fn messages(&self) -> impl DoubleEndedIterator<Item = &Message> {
        self.messages.values()
    }

    pub fn get(&self, id: Id<marker::Message>) -> Option<&Message> {
        self.messages.get(&id)
    }

    pub fn len(&self) -> usize {
        self.messages.len()
    }

    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    pub(super) fn put(&mut self, message: &Message) {
        self.messages.insert(message.id, message.clone());
        while self.messages.len() > self.most {
            self.messages.pop_first();
        }
    }

    /// An edit. COMPAT: events have nothing of the viewer; reactions change by their own events.
    pub(super) fn change(&mut self, message: &Message) {
        if let Some(known) = self.messages.get_mut(&message.id) {
            let reactions = std::mem::take(&mut known.reactions);
            *known = Message { reactions, ..message.clone() };
        }
        // Where it is quoted it stands as it is now, without what it quotes itself.
        let now = Message {
            referenced_message: None,
            reactions: Vec::new(),
            guild_id: None,
            member: None,
            ..message.clone()
        };
        for known in self.messages.values_mut() {
            if let Some(Some(quoted)) = &mut known.referenced_message
                && quoted.id == now.id
            {
                let reactions = std::mem::take(&mut quoted.reactions);
                **quoted = Message { reactions, ..now.clone() };
            }
        }
    }

    pub(super) fn remove(&mut self, ids: &[Id<marker::Message>]) {
        for id in ids {
            self.messages.remove(id);
        }
        for message in self.messages.values_mut() {
            let quoted = message.message_reference.as_ref();
            let quoted = quoted.and_then(|reference| reference.message_id);
            // What is not quoted, as by the notice of a pin, cannot be missed.
            let quotes = message.referenced_message.is_some();
            if quotes && quoted.is_some_and(|id| ids.contains(&id)) {
                message.referenced_message = Some(None);
            }
        }
    }

    pub(super) fn react(&mut self, event: &ReactionEvent, mine: bool) {
        let Some(message) = self.messages.get_mut(&event.message_id) else { return };
        let known = message.reactions.iter_mut().find(|one| same(&one.emoji, &event.emoji));
        match known {
            Some(reaction) => {
                reaction.count += 1;
                reaction.count_details.normal += 1;
                reaction.me |= mine;
            }
            None => message.reactions.push(Reaction {
                emoji: event.emoji.clone(),
                count: 1,
                count_details: ReactionCounts { burst: 0, normal: 1 },
                me: mine,
                me_burst: false,
                burst_colors: Vec::new(),
            }),
        }
    }

    pub(super) fn unreact(&mut self, event: &ReactionEvent, mine: bool) {
        let Some(message) = self.messages.get_mut(&event.message_id) else { return };
        let at = message.reactions.iter().position(|one| same(&one.emoji, &event.emoji));
        let Some(at) = at else { return };
        let reaction = &mut message.reactions[at];
        reaction.count = reaction.count.saturating_sub(1);
        reaction.count_details.normal = reaction.count_details.normal.saturating_sub(1);
        reaction.me &= !mine;
        if reaction.count == 0 {
            message.reactions.remove(at);
        }
    }

    /// All reactions, or those with one emoji.
    pub(super) fn clear(&mut self, event: &ReactionsCleared) {
        let Some(message) = self.messages.get_mut(&event.message_id) else { return };
        match &event.emoji {
            Some(emoji) => message.reactions.retain(|one| !same(&one.emoji, emoji)),
            None => message.reactions.clear(),
        }
    }
}

/// A custom emoji is its id, whatever it is called now.
fn same(one: &Emoji, other: &Emoji) -> bool {
    match (one.id, other.id) {
        (None, None) => one.name == other.name,
        (one, other) => one == other,
    }
}
