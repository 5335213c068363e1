//! Every maximum, on one page. Each can be set in the configuration under `[limits]`.

/// Declares the limits: name, type, default, meaning.
macro_rules! limits {
    ($($(#[doc = $doc:literal])* $name:ident: $type:ty = $value:expr;)*) => {
        /// Everything has a limit, and the limits share a page.
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Limits { $($(#[doc = $doc])* pub $name: $type,)* }

        impl Default for Limits {
            fn default() -> Self { Self { $($name: $value,)* } }
        }

        impl Limits {
            /// Name, default and meaning of each, for the reference page.
            pub fn table() -> Vec<(&'static str, String, &'static str)> {
                let defaults = Self::default();
                vec![$((
                    stringify!($name),
                    defaults.$name.to_string(),
                    concat!($($doc),*).trim(),
                ),)*]
            }
        }
    };
}

limits! {
    // Messages.
    /// Characters of a message.
    message_length: usize = 2_000;
    /// Characters of a nonce.
    nonce_length: usize = 25;
    /// Embeds of a message.
    message_embeds: usize = 10;
    /// Characters of all embeds of a message together.
    embeds_length: usize = 6_000;
    /// Bytes of a message's components as JSON.
    components_bytes: usize = 16_384;
    /// People one message can mention.
    message_mentions: usize = 20;
    /// Different emoji on one message.
    message_reactions: usize = 20;
    /// Files of a message.
    message_attachments: usize = 10;
    /// Bytes of one file.
    attachment_bytes: u64 = 25 * 1024 * 1024;
    /// Bytes of all files of one account together.
    account_bytes: u64 = 2 * 1024 * 1024 * 1024;
    /// Bytes of all files of one guest together.
    guest_bytes: u64 = 50 * 1024 * 1024;
    /// Characters of a file's name.
    filename_length: usize = 255;
    /// Messages of one page of history.
    history_page: usize = 100;
    /// Characters of a search among messages.
    search_length: usize = 1_024;
    /// Messages of one page of a search.
    search_page: usize = 25;
    /// Messages of a search that are counted and can be paged to.
    search_results: usize = 10_000;
    /// Searches that run at a time.
    searches: usize = 2;
    /// Searches of one person in one room or conversation in 10 seconds.
    searches_per_10s: u32 = 20;
    /// Pinned messages of a channel.
    channel_pins: usize = 250;
    /// Pinned messages of one page.
    pins_page: usize = 50;
    /// Messages one person can send into one channel in 5 seconds.
    messages_per_5s: u32 = 5;

    // Rooms.
    /// Characters of a room's or a role's name.
    name_length: usize = 100;
    /// Characters of a room's description.
    description_length: usize = 300;
    /// Characters of a topic.
    topic_length: usize = 1_024;
    /// Channels of a room.
    guild_channels: usize = 500;
    /// Active threads of a room.
    guild_threads: usize = 1_000;
    /// People in a thread.
    thread_members: usize = 1_000;
    /// Threads of one page.
    threads_page: usize = 100;
    /// Roles of a room.
    guild_roles: usize = 250;
    /// Custom emoji of a room that stand still; as many again can move.
    guild_emojis: usize = 50;
    /// Custom emoji of an application.
    application_emojis: usize = 2_000;
    /// Bytes of a custom emoji's picture.
    emoji_bytes: usize = 256 * 1024;
    /// Custom emoji one person can upload in 10 minutes.
    emoji_uploads_per_10min: u32 = 120;
    /// Permission overwrites of a channel.
    channel_overwrites: usize = 100;
    /// Rooms one person can be in.
    user_guilds: usize = 200;
    /// Rooms one account can own.
    owned_guilds: usize = 100;
    /// Rooms one guest can own.
    guest_owned_guilds: usize = 3;
    /// Webhooks of a channel.
    channel_webhooks: usize = 15;
    /// Characters of a webhook's name.
    webhook_name_length: usize = 80;
    /// People banned by one request.
    bulk_bans: usize = 200;
    /// Invites of a room.
    guild_invites: usize = 1_000;
    /// Invites of a room by one member who does not manage it.
    member_invites: usize = 100;
    /// Bans of a room.
    guild_bans: usize = 100_000;
    /// Days an entry of the audit log is kept.
    audit_log_days: u32 = 45;
    /// Entries of one page of the audit log.
    audit_log_page: usize = 100;
    /// Rooms of one page of the directory.
    directory_page: usize = 50;
    /// Members of one page.
    members_page: usize = 1_000;
    /// Direct message channels of one person.
    user_dms: usize = 1_000;
    /// People in a group conversation.
    group_recipients: usize = 10;
    /// People whom one person can bring into groups in 10 minutes.
    people_brought_per_10min: u32 = 60;

    // Moderation.
    /// Keyword rules of a room. The other kinds: one each.
    keyword_rules: usize = 6;
    /// Bytes that one pattern of a rule may take once it is compiled.
    pattern_bytes: usize = 1024 * 1024;
    /// Reports of one person in a day.
    reports_per_day: u32 = 30;
    /// Characters of a report's own words, and of an answer to it.
    report_length: usize = 1_000;
    /// Reports of a room that wait; then the oldest that are done go first.
    guild_reports: usize = 5_000;
    /// Days a report is kept, with what it shows.
    report_days: u32 = 90;
    /// Days it is remembered how somebody came into a room, for undoing a raid.
    join_days: u32 = 7;
    /// People whom one cleanup bans.
    cleanup_people: usize = 1_000;
    /// Guests of one address in 10 minutes that come without a challenge.
    guests_unchallenged: u32 = 45;
    /// Guests in all in a minute that come without a challenge.
    guests_unchallenged_in_all: u32 = 120;
    /// Seconds a challenge can be answered.
    challenge_seconds: u32 = 300;

    // People.
    /// Characters of a username.
    username_length: usize = 32;
    /// Characters of a name that people see, and of a nickname.
    display_name_length: usize = 32;
    /// Characters of what somebody says about themselves.
    bio_length: usize = 190;
    /// Friends, blocks and own requests of one person; as many others can ask it.
    user_relationships: usize = 1_000;
    /// Rooms and channels one person can set notifications for.
    user_notifications: usize = 2_000;
    /// Characters a password needs.
    password_length_min: usize = 8;
    /// Bytes a password can have.
    password_bytes: usize = 1_024;
    /// Bytes of a person's or a room's picture.
    picture_bytes: usize = 4 * 1024 * 1024;
    /// Pictures one person can set in 10 minutes, of their own and of rooms.
    picture_changes_per_10min: u32 = 10;
    /// Messages an application can answer one interaction with.
    interaction_messages: u32 = 100;
    /// Commands of an application of one type, everywhere or in one room.
    application_commands: usize = 100;
    /// Roles, people and channels that the permissions of one command can name.
    command_permissions: usize = 100;
    /// Logins of one person; the one unused for longest goes.
    user_sessions: usize = 50;
    /// Bots of one account.
    account_bots: usize = 25;
    /// Days after which an idle guest is forgotten.
    guest_days: u32 = 30;
    /// Days after which an idle login ends.
    session_days: u32 = 90;

    // Requests.
    /// Bytes of a JSON body.
    body_bytes: usize = 256 * 1024;
    /// Bytes of a JSON body that can hold a picture.
    picture_body_bytes: usize = 8 * 1024 * 1024;
    /// Bytes of what GitHub or a program for Slack tells a webhook.
    foreign_hook_bytes: usize = 2 * 1024 * 1024;
    /// Seconds for the head of a request, and for each pause within its body.
    request_seconds: u64 = 10;
    /// Seconds for the whole of a body.
    body_seconds: u64 = 120;
    /// Bytes of a request's head.
    head_bytes: usize = 16 * 1024;
    /// Connections of one address (IPv6: /64) that have not signed in.
    address_connections: u32 = 512;
    /// Connections of one person who has signed in.
    user_connections: u32 = 256;
    /// Connections in all.
    connections: u32 = 100_000;
    /// Requests of one person a second.
    requests_per_second: u32 = 50;
    /// Requests of one address a second that are not signed in.
    address_requests_per_second: u32 = 200;
    /// Pages and their parts for one address in 10 seconds.
    address_pages_per_10s: u32 = 1_000;
    /// Requests that read, of one person for one kind of thing in one room, in 10 seconds.
    reads_per_10s: u32 = 100;
    /// Requests that change, of one person for one kind of thing in one room, in 10 seconds.
    writes_per_10s: u32 = 50;
    /// Messages by one webhook in 2 seconds.
    webhook_messages_per_2s: u32 = 5;
    /// Reactions of one person in one channel in 5 seconds.
    reactions_per_5s: u32 = 20;
    /// Refused requests (401, 403, 429) of one address in 10 minutes; then all are refused.
    invalid_per_10min: u32 = 10_000;
    /// Guests one address can make in 10 minutes.
    guests_per_10min: u32 = 60;
    /// Accounts one address can make in an hour.
    accounts_per_hour: u32 = 60;
    /// Wrong passwords for one account in 10 minutes.
    password_tries_per_10min: u32 = 10;
    /// Wrong passwords from one address in 10 minutes.
    address_tries_per_10min: u32 = 100;
    /// Passwords hashed at a time.
    password_hashes: usize = 2;
    /// Passwords waiting to be hashed.
    password_queue: usize = 64;

    // The gateway.
    /// Bytes of a client's frame.
    gateway_payload: usize = 4_096;
    /// Bytes of a frame of a client that knows us.
    gateway_payload_osc: usize = 64 * 1024;
    /// Milliseconds between heartbeats.
    heartbeat_interval_ms: u64 = 41_250;
    /// Seconds until a socket must have identified.
    identify_seconds: u64 = 10;
    /// Frames of a client in a minute.
    gateway_commands_per_minute: u32 = 120;
    /// Frames of a client that knows us, in a minute.
    gateway_commands_per_minute_osc: u32 = 600;
    /// Changes of presence of a session that others hear of in 20 seconds; then the newest counts.
    presences_per_20s: u32 = 5;
    /// Requests of all members of a session in a minute.
    member_requests_per_minute: u32 = 60;
    /// Seconds a session waits for its client to come back.
    resume_seconds: u64 = 600;
    /// Events kept for a session with numbers of its own.
    session_events: usize = 2_048;
    /// Bytes of the events kept for a session with numbers of its own.
    session_events_bytes: usize = 4 * 1024 * 1024;
    /// Bytes of the events kept for all such sessions of one person.
    user_events_bytes: usize = 16 * 1024 * 1024;
    /// Bytes of the events kept for all such sessions; the one that waits longest gives way.
    kept_events_bytes: usize = 128 * 1024 * 1024;
    /// Events kept in memory for all sessions.
    recent_events: usize = 65_536;
    /// Bytes of the events kept in memory.
    recent_events_bytes: usize = 64 * 1024 * 1024;
    /// Minutes an event stays in the log on disk.
    event_log_minutes: u64 = 10;
    /// Bytes that may wait for a slow reader.
    socket_queue_bytes: usize = 256 * 1024;
    /// Seconds a slow reader may make no progress.
    socket_stall_seconds: u64 = 10;
    /// Sessions of one person.
    gateway_sessions: usize = 32;

    // The store.
    /// Batches that may wait for the disk.
    queue_batches: usize = 8_192;
    /// Batches in one transaction.
    commit_batches: usize = 1_024;
    /// Hours a nonce is remembered.
    nonce_hours: u64 = 48;
    /// Users kept in memory.
    cached_users: usize = 100_000;
}
