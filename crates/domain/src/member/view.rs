//! Members as they are looked up: in pages, one by one, by the beginning of a name.

use proto::{Code, Id, marker, member::Member};

use crate::{
    Actor, App, access, cache,
    reject::{Reject, Result, no},
    render,
    rows::MemberRow,
    store::Scan,
};

/// Users looked at together in a search.
const PIECE: usize = 1_000;

fn check_limit(app: &App, limit: usize) -> Result<()> {
    let most = app.limits.members_page;
    if limit == 0 || limit > most {
        let message = format!("Must be between 1 and {most}.");
        return no(Reject::field("limit", "NUMBER_TYPE_RANGE", message));
    }
    Ok(())
}

async fn rendered<'a>(
    app: &App,
    rows: impl IntoIterator<Item = &'a MemberRow> + Clone,
) -> Result<Vec<Member>> {
    let ids: Vec<_> = rows.clone().into_iter().map(|row| row.user_id).collect();
    let users = app.users(&ids).await?;
    let member = |(row, user): (&MemberRow, Option<std::sync::Arc<crate::rows::UserRow>>)| {
        let user = match user {
            Some(user) => render::user(&user),
            None => render::deleted_user(row.user_id),
        };
        render::member(row, Some(user))
    };
    Ok(rows.into_iter().zip(users).map(member).collect())
}

/// A page of members by their ids.
pub async fn list(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    after: Option<Id<marker::User>>,
    limit: usize,
) -> Result<Vec<Member>> {
    access::guild(app, actor, id).await?;
    check_limit(app, limit)?;
    let scan = Scan::of::<MemberRow>().prefix(id).limit(limit);
    let scan = match after {
        Some(after) => scan.after(after),
        None => scan,
    };
    let rows = app.disk.scan::<MemberRow>(scan).await?;
    rendered(app, &rows).await
}

/// The actor's own membership.
pub async fn own(app: &App, actor: &Actor, id: Id<marker::Guild>) -> Result<Member> {
    let (guild, have) = access::guild(app, actor, id).await?;
    let row = guild.read().members.get(&actor.user).cloned();
    let Some(row) = row else {
        return no(Reject::Unknown(Code::UNKNOWN_GUILD));
    };
    let mut member = rendered(app, [row.as_ref()]).await?.pop().expect("one of one");
    member.permissions = Some(have);
    Ok(member)
}

/// One member.
pub async fn get(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    user: Id<marker::User>,
) -> Result<Member> {
    let (guild, _) = access::guild(app, actor, id).await?;
    let row = guild.read().members.get(&user).cloned();
    let Some(row) = row else {
        return no(Reject::Unknown(Code::UNKNOWN_MEMBER));
    };
    let mut found = rendered(app, [row.as_ref()]).await?;
    Ok(found.pop().expect("one row makes one member"))
}

/// Members whose nickname or name begins with this, by their ids.
pub async fn search(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    query: &str,
    limit: usize,
) -> Result<Vec<Member>> {
    let (guild, _) = access::guild(app, actor, id).await?;
    check_limit(app, limit)?;
    if query.is_empty() || query.chars().count() > app.limits.name_length {
        return no(Reject::length("query", 1, app.limits.name_length));
    }
    found(app, &guild, query, limit).await
}

async fn found(app: &App, guild: &cache::Guild, query: &str, limit: usize) -> Result<Vec<Member>> {
    let query = query.to_lowercase();
    let mut rows: Vec<_> = guild.read().members.values().cloned().collect();
    rows.sort_unstable_by_key(|row| row.user_id);
    let mut members = Vec::new();
    for piece in rows.chunks(PIECE) {
        let page = rendered(app, piece.iter().map(AsRef::as_ref)).await?;
        members.extend(page.into_iter().filter(|member| begins(member, &query)));
        if members.len() >= limit {
            members.truncate(limit);
            break;
        }
    }
    Ok(members)
}

fn begins(member: &Member, query: &str) -> bool {
    let user = member.user.as_ref();
    let names = [
        member.nick.as_deref(),
        user.and_then(|user| user.global_name.as_deref()),
        user.map(|user| user.username.as_str()),
    ];
    names.into_iter().flatten().any(|name| name.to_lowercase().starts_with(query))
}
