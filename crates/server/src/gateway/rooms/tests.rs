//! Who sees a channel come or go when roles and overwrites change.

use domain::rows::{GuildRow, MemberRow, RoleRow};
use proto::{
    Permissions, Timestamp,
    channel::GUILD_TEXT,
    guild::Visibility,
    permission::{OVERWRITE_MEMBER, OVERWRITE_ROLE, Overwrite},
};

use super::*;

const GUILD: u64 = 100;
const OWNER: u64 = 1;
const VIEW: Permissions = Permissions::VIEW_CHANNEL;

fn id<T>(raw: u64) -> Id<T> {
    Id::new(raw).expect("not zero")
}

/// A guild with two channels (10, 11), a role (20), and the people 1 (owner), 2, 3.
fn guild() -> GuildState {
    let row = GuildRow {
        id: id(GUILD),
        owner_id: id(OWNER),
        name: "Room".to_owned(),
        description: None,
        icon: None,
        slug: None,
        visibility: Visibility::Public,
        guests_write: true,
        system_channel_id: None,
        safety: Default::default(),
    };
    let mut state = GuildState {
        row,
        threads: BTreeMap::new(),
        channels: BTreeMap::new(),
        tips: HashMap::new(),
        roles: BTreeMap::new(),
        emojis: BTreeMap::new(),
        members: HashMap::new(),
        rules: Default::default(),
        voice: HashMap::new(),
    };
    put_role(&mut state, GUILD, VIEW);
    put_role(&mut state, 20, Permissions::NONE);
    put_channel(&mut state, 10, &[]);
    put_channel(&mut state, 11, &[]);
    (1..=3).for_each(|user| put_member(&mut state, user, &[]));
    state
}

fn put_role(state: &mut GuildState, role: u64, permissions: Permissions) {
    let row = RoleRow {
        guild_id: id(GUILD),
        id: id(role),
        name: String::new(),
        color: 0,
        hoist: false,
        position: 1,
        permissions,
        mentionable: false,
        bot_id: None,
    };
    state.roles.insert(row.id, row);
}

fn put_channel(state: &mut GuildState, channel: u64, overwrites: &[Overwrite]) {
    let row = ChannelRow {
        id: id(channel),
        guild_id: Some(id(GUILD)),
        kind: GUILD_TEXT,
        name: String::new(),
        position: 0,
        topic: None,
        parent_id: None,
        nsfw: false,
        rate_limit_per_user: 0,
        bitrate: 0,
        user_limit: 0,
        overwrites: overwrites.to_vec(),
        recipients: Vec::new(),
        epoch: 0,
        owner_id: None,
        icon: None,
        thread_auto_archive: 0,
        thread_rate_limit: 0,
    };
    state.channels.insert(row.id, Arc::new(row));
}

fn put_member(state: &mut GuildState, user: u64, roles: &[u64]) {
    let row = MemberRow {
        guild_id: id(GUILD),
        user_id: id(user),
        nick: None,
        roles: roles.iter().map(|role| id(*role)).collect(),
        joined_at: Timestamp::from_ms(0),
        timed_out_until: None,
        deaf: false,
        mute: false,
        guest: false,
        quarantined: false,
    };
    state.members.insert(row.user_id, Arc::new(row));
}

fn everyone(allow: Permissions, deny: Permissions) -> Overwrite {
    Overwrite { id: id(GUILD), kind: OVERWRITE_ROLE, allow, deny }
}

fn role(allow: Permissions) -> Overwrite {
    Overwrite { id: id(20), kind: OVERWRITE_ROLE, allow, deny: Permissions::NONE }
}

/// Everybody sits; gives the rooms of 1, 2 and 3.
fn seated(state: &GuildState) -> (Rooms, RoomId, [RoomId; 3]) {
    let (mut rooms, mut next) = (Rooms::default(), 0);
    let seats = [1, 2, 3].map(|user| rooms.sit(state, id(user), &mut next).expect("a member"));
    (rooms, next, seats)
}

type Told = Vec<(Whom, Vec<u64>, Vec<u64>)>;

fn told(shifts: &[Shift]) -> Told {
    let ids = |rows: &[Arc<ChannelRow>]| rows.iter().map(|row| row.id.get()).collect();
    shifts.iter().map(|shift| (shift.whom, ids(&shift.lost), ids(&shift.gained))).collect()
}

#[test]
fn people_who_see_the_same_share_a_room() {
    let (mut rooms, mut next, seats) = seated(&guild());
    assert_eq!(seats, [1, 2, 2], "the owner stands alone");
    assert_eq!(rooms.sit(&guild(), id(3), &mut next), Some(2), "a second session");
    assert_eq!(rooms.sit(&guild(), id(9), &mut next), None, "no member");
    rooms.rise(id(3));
    assert!(rooms.is_seated(id(3)), "one session is left");
    rooms.rise(id(3));
    rooms.rise(id(2));
    assert_eq!(rooms.all(), [1]);
    rooms.rise(id(1));
    assert!(rooms.is_empty() && rooms.all().is_empty());
}

#[test]
fn hiding_a_channel_tells_those_who_lose_it_and_nobody_else() {
    let mut state = guild();
    let (mut rooms, mut next, _) = seated(&state);
    put_channel(&mut state, 11, &[everyone(Permissions::NONE, VIEW)]);
    let shifts = rooms.reclassify(&state, &mut next);
    assert_eq!(told(&shifts), [(Whom::Room(2), vec![11], vec![])]);
    assert_eq!(rooms.that_see(id(11)), [1]);
    put_channel(&mut state, 11, &[]);
    let shifts = rooms.reclassify(&state, &mut next);
    assert_eq!(told(&shifts), [(Whom::Room(2), vec![], vec![11])]);
}

#[test]
fn a_role_that_begins_to_matter_parts_a_room_without_telling_who_keeps_seeing() {
    let mut state = guild();
    put_member(&mut state, 3, &[20]);
    let (mut rooms, mut next, seats) = seated(&state);
    assert_eq!(seats[1], seats[2]);
    put_channel(&mut state, 11, &[everyone(Permissions::NONE, VIEW), role(VIEW)]);
    let shifts = rooms.reclassify(&state, &mut next);
    let moved = Whom::Person { user: id(3), from: 2, to: 3 };
    assert_eq!(told(&shifts), [(moved, vec![], vec![]), (Whom::Room(2), vec![11], vec![])]);
    assert!(rooms.sees(id(3), id(11)) && !rooms.sees(id(2), id(11)));
}

#[test]
fn a_role_given_or_taken_moves_one_person() {
    let mut state = guild();
    put_channel(&mut state, 11, &[everyone(Permissions::NONE, VIEW), role(VIEW)]);
    let (mut rooms, mut next, _) = seated(&state);
    put_member(&mut state, 2, &[20]);
    let shift = rooms.reclassify_one(&state, id(2), &mut next).expect("it moves");
    let moved = Whom::Person { user: id(2), from: 2, to: 3 };
    assert_eq!(told(&[shift]), [(moved, vec![], vec![11])]);
    assert!(rooms.reclassify_one(&state, id(2), &mut next).is_none(), "nothing changed since");
    put_member(&mut state, 2, &[]);
    let shift = rooms.reclassify_one(&state, id(2), &mut next).expect("it moves back");
    assert_eq!((shift.lost.len(), shift.gained.len()), (1, 0));
}

#[test]
fn a_personal_overwrite_makes_a_room_of_ones_own() {
    let mut state = guild();
    let (mut rooms, mut next, _) = seated(&state);
    let own = Overwrite { id: id(3), kind: OVERWRITE_MEMBER, allow: VIEW, deny: VIEW };
    let own = Overwrite { allow: Permissions::NONE, ..own };
    put_channel(&mut state, 10, &[own]);
    let shifts = rooms.reclassify(&state, &mut next);
    let moved = Whom::Person { user: id(3), from: 2, to: 3 };
    assert_eq!(told(&shifts), [(moved, vec![10], vec![])]);
    assert_eq!(rooms.that_see(id(10)), [1, 2]);
}

#[test]
fn a_new_channel_is_gained_and_a_deleted_one_lost() {
    let mut state = guild();
    let (mut rooms, mut next, _) = seated(&state);
    put_channel(&mut state, 12, &[everyone(Permissions::NONE, VIEW)]);
    let shifts = rooms.reclassify(&state, &mut next);
    assert_eq!(told(&shifts), [(Whom::Room(1), vec![], vec![12])], "the owner only");
    state.channels.remove(&id(10));
    let shifts = rooms.reclassify(&state, &mut next);
    let lost = |room| (Whom::Room(room), vec![10], vec![]);
    assert_eq!(told(&shifts), [lost(1), lost(2)]);
}
