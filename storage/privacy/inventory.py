"""The columns that hold something about people, and what becomes of it when they delete their data.

Each column of the schema is in a `Rule` or in `IMPERSONAL`, which a test compares with the real
schema. A new column that says who did something is only added here: members then see it, and can
delete it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_HISTORY = "as long as what it is about"
_FOREVER = "until it's deleted"
_MODERATORS = "moderators"
_ANONYMOUS = "“a former member” takes the place of your name and ID"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Columns of a table that hold something about people, with sentences for the documentation.

    ``what`` they hold, who can see it, for how long it's kept, and what a deletion does to it.
    """

    table: str
    columns: tuple[str, ...]
    what: str
    seen_by: str = _MODERATORS
    kept: str = _FOREVER
    on_deletion: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature(Rule):
    """Columns that say who did something: the `Actor`'s key and name.

    ``name`` is that of the records in what members download, and ``details`` are what they get of
    each, as SQL. Records that ``condition`` leaves out are deleted with the others.
    """

    name: str
    columns: tuple[str, str]
    details: tuple[str, ...]
    condition: str = "true"
    on_deletion: str = _ANONYMOUS
    kept: str = _HISTORY


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission(Rule):
    """Columns of what a member sent: their ID, their name, and perhaps ``words``, which go, too."""

    name: str
    columns: tuple[str, ...]
    details: tuple[str, ...]
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Address(Rule):
    """A column with the channel or, of a direct message, the member that rows are about."""

    columns: tuple[str]
    what: str = "Direct messages to you: to whom, and how sending goes"
    seen_by: str = "nobody"
    on_deletion: str = "deleted; messages that weren't sent yet never are"


def _decided(table: str, what: str, details: Sequence[str] = ()) -> Signature:
    return Signature(
        name=f"decided_{table}",
        table=table,
        columns=("decided_by", "decided_by_name"),
        details=("id", "outcome", *details, "decided_at"),
        what=f"Who decided about {what}",
    )


SIGNATURES: tuple[Signature, ...] = (
    Signature(
        name="changes",
        table="changes",
        columns=("actor", "actor_name"),
        details=(
            *("id", "at", "action", "kind", "paper_id", "feed_id", "guild_id", "channel_id"),
            "(SELECT COUNT(*) FROM changes AS part WHERE part.part_of = changes.id) AS parts",
        ),
        condition="part_of IS NULL",
        what="Who made a change to the list, its feeds, people, channels or settings",
    ),
    Signature(
        name="papers",
        table="papers",
        columns=("created_by", "created_by_name"),
        details=("id", "title", "origin", "created_at"),
        what="Who added a paper",
    ),
    Signature(
        name="feeds",
        table="feeds",
        columns=("added_by", "added_by_name"),
        details=("id", "title", "added_at"),
        what="Who followed a feed",
    ),
    Signature(
        name="subscriptions",
        table="subscriptions",
        columns=("created_by", "created_by_name"),
        details=("guild_id", "channel_id", "created_at"),
        what="Who had new papers announced in a channel",
        seen_by="nobody",
    ),
    Signature(
        name="moderator_settings",
        table="moderator_settings",
        columns=("set_by", "set_by_name"),
        details=("guild_id", "key", "set_at"),
        what="Who chose the moderators' roles and channel",
    ),
    _decided("entries", "a feed's entry", ("title_key",)),
    _decided("found_papers", "a paper by the lab's people", ("title_key",)),
    _decided("completion_proposals", "an uncertain completion", ("paper_id",)),
    _decided("suggestions", "a suggestion", ("title_key",)),
    _decided("reports", "a report", ("paper_id",)),
    _decided("account_claims", "who a member is", ("person_id",)),
)

SUBMISSIONS: tuple[Submission, ...] = (
    Submission(
        name="suggestions",
        table="suggestions",
        columns=("member_id", "member_name", "note"),
        words=("note",),
        details=(
            *("id", "json_extract(draft, '$.title') AS title"),
            *("json_extract(draft, '$.identifiers') AS identifiers", "note"),
            *("suggested_at", "outcome", "decided_at", "paper_id"),
        ),
        what="Papers that you suggested: your ID, name and note",
        on_deletion="your ID, name and note go; the paper stays, also for moderators to decide",
    ),
    Submission(
        name="reports",
        table="reports",
        columns=("member_id", "member_name", "note"),
        words=("note",),
        details=("id", "paper_id", "problem", "note", "reported_at", "outcome", "decided_at"),
        what="Problems that you reported: your ID, name and note",
        on_deletion="your ID, name and note go; which problem it is stays",
    ),
    Submission(
        name="account_claims",
        table="account_claims",
        columns=("member_id", "member_name"),
        details=(
            *("id", "person_id", "claimed_at", "outcome", "decided_at"),
            """(SELECT names.name FROM people JOIN names ON names.id = people.name_id
                WHERE people.id = person_id) AS name""",
        ),
        what="Which of the lab's people you said you are: your ID and name",
        on_deletion="your ID and name go; a claim that waits for moderators is withdrawn",
    ),
)

# The changes by others to which of the lab's people has the member's account.
ACCOUNT_CHANGES = "account_changes"

# What there may be records of in what members download.
RECORD_NAMES = (
    *(one.name for one in SUBMISSIONS),
    *(one.name for one in SIGNATURES),
    ACCOUNT_CHANGES,
)

ADDRESSES: tuple[Address, ...] = (
    Address(table="posts", columns=("destination_id",)),
    Address(table="destinations", columns=("destination_id",)),
    Address(table="checked_destinations", columns=("destination_id",)),
    Address(table="found_messages", columns=("destination_id",)),
)

ACCOUNT = Rule(
    table="people",
    columns=("discord_id",),
    what="Which of the lab's people has your Discord account",
    seen_by="everyone",
    on_deletion="the account is unlinked",
)

# Texts that may name people or hold their IDs among other things.
TEXTS: tuple[Rule, ...] = (
    Rule(
        table="changes",
        columns=("before", "after", "resolution"),
        what="What a change recorded: linked accounts, and who had decided or set something",
        kept=_HISTORY,
        on_deletion="your ID and name go",
    ),
    Rule(
        table="feeds",
        columns=("paused_because",),
        what="Who paused a feed, and why",
        kept="until the feed is resumed",
        on_deletion=_ANONYMOUS,
    ),
    Rule(
        table="bot_state",
        columns=("value",),
        what="After a restore: what was lost, with names",
        kept="until moderators were told",
        on_deletion=_ANONYMOUS,
    ),
    Rule(
        table="posts",
        columns=("notice",),
        what="What moderators were told, such as what a restore lost, with names",
        on_deletion=_ANONYMOUS,
    ),
)

_LAB = "nothing: ask a moderator to change or remove it (`/people edit`, `/people remove`)"

KEPT: tuple[Rule, ...] = (
    Rule(
        table="people",
        columns=("name_id", "member_from", "member_to", "categories", "is_trusted", "is_removed"),
        what="The lab's people, as moderators entered them: names, membership, categories",
        seen_by="everyone (name), moderators (the rest)",
        on_deletion=_LAB,
    ),
    Rule(
        table="person_ids",
        columns=("person_id", "scheme", "value", "is_foreign"),
        what="IDs of the lab's people at ORCID, OpenAlex, arXiv, DBLP and Semantic Scholar",
        on_deletion=_LAB,
    ),
    Rule(
        table="claims",
        columns=("person_id", "verdict", "grade", "ids", "affiliations"),
        what="Whether one of the lab's people wrote a paper that a service listed",
        on_deletion=_LAB,
    ),
    Rule(
        table="source_subjects",
        columns=("key", "people"),
        what="Which names and IDs of the lab's people services are asked about",
        on_deletion=_LAB,
    ),
    Rule(
        table="names",
        columns=("name", "letters", "family_key", "initial"),
        what="Authors' names, as papers credit them",
        seen_by="everyone",
        on_deletion="nothing: it's published",
    ),
    Rule(
        table="aliases",
        columns=("name_id", "person_id", "is_former"),
        what="Which names are one author's, and which are former names, as moderators decided",
        on_deletion="nothing: former names stay hidden",
    ),
    Rule(
        table="papers",
        columns=("posted_by", "note"),
        what="Who shared a paper, as an imported page says, and a note about the paper",
        seen_by="everyone",
        on_deletion="nothing: ask a moderator to change it",
    ),
    Rule(
        table="suggestions",
        columns=("draft", "title_key"),
        what="The paper that somebody suggested",
        on_deletion="nothing: it's about the paper",
    ),
    Rule(
        table="saved_queries",
        columns=("query",),
        what="Searches of replies with buttons, without who searched",
        seen_by="nobody",
        kept="180 days after its last use",
        on_deletion="nothing: nobody knows whose it is",
    ),
    Rule(
        table="deletions",
        columns=("digest", "salt", "deleted_at"),
        what="That somebody deleted their data, as a salted digest of their ID",
        seen_by="nobody",
        kept="forever, so that restoring a backup deletes it again",
        on_deletion="this is added",
    ),
)

RULES: tuple[Rule, ...] = (*SUBMISSIONS, ACCOUNT, *ADDRESSES, *SIGNATURES, *TEXTS, *KEPT)


def _impersonal(columns: Mapping[str, str]) -> dict[str, frozenset[str]]:
    return {table: frozenset(names.split()) for table, names in columns.items()}


# Everything else: papers, feeds, messages and what keeps the bot going.
IMPERSONAL = _impersonal(
    {
        "abbreviation_decisions": "id short long stems",
        "abbreviations": "short long stems papers",
        "account_claims": "id person_id claimed_at outcome decided_at",
        "announcements": "id paper_id channel_id created_at is_filtered_out post_id venue",
        "bot_state": "name",
        "changes": "id at action paper_id name_id feed_id guild_id channel_id moved part_of undoes "
        "is_active abbreviation_id kind",
        "checked_destinations": "generation_id",
        "claims": "found_paper_id",
        "command_uses": "day command uses",
        "completion_proposals": "id paper_id paper draft service reason proposed_at outcome "
        "decided_at",
        "completions": "paper_id asked_at next_due_at attempts failures",
        "credits": "paper_id position name_id",
        "destinations": "stopped_because failures retry_at",
        "entries": "id feed_id key title_key link_key outcome paper_id draft seen_at decided_at "
        "is_held notice",
        "feeds": "id url title venue etag last_modified next_poll_at first_polled_at "
        "last_success_at failures last_error added_at body_hash pending_url has_custom_title "
        "is_reviewed publisher_hints failing_since last_new_entry_at last_notice removed_at",
        "found_identifiers": "identifier found_paper_id",
        "found_messages": "id message_id kind row_id keys",
        "found_papers": "id title_key draft grade found_at is_backlog was_decided outcome paper_id "
        "decided_at told_by",
        "freed_identifiers": "paper_id position identifier",
        "generations": "id token copied_at started_at highest_ids",
        "identifiers": "identifier paper_id position",
        "links": "paper_id position kind url",
        "locked_fields": "paper_id field",
        "moderator_settings": "id guild_id key ids set_at",
        "name_spellings": "word backwards",
        "name_words": "level word name_id words",
        "names": "id is_full papers level",
        "paper_abbreviations": "paper_id short long stems",
        "paper_heads": "title authors venue tags",
        "paper_text": "title authors venue tags abstract",
        "papers": "id title title_key abstract authors_complete venue date year sort_key origin "
        "created_at removed_at merged_into_id is_undone publication collectives venue_undated",
        "people": "id",
        "people_settings": "id is_trusted is_watched",
        "posts": "id kind entry_id suggestion_id report_id found_paper_id claim_id state attempts "
        "created_at claimed_at claimed_papers sent_at message_id thread_due publish_due revision "
        "rendered_revision follow_up_at held_feed_id refused_post_id is_about_found",
        "refused_posts": "post_id refusals reason is_set_aside",
        "reports": "id paper_id problem reported_at outcome decided_at",
        "saved_queries": "id used_at",
        "service_requests": "name free_at is_running day requests",
        "source_subjects": "source asked_at next_due_at misses etag last_modified",
        "sources": "name requests_on requests last_success_at failures failing_since last_error "
        "blocked_until unfinished",
        "subscriptions": "id guild_id channel_id created_at filters role_id has_thread publishes "
        "digest_minute digest_weekday time_zone next_digest_at is_paused removed_at digest tag_id",
        "suggestions": "id suggested_at outcome paper_id decided_at",
        "tag_counts": "tag papers",
        "tags": "paper_id tag",
        "venue_counts": "venue papers",
        "witnesses": "source key listed_for found_paper_id record seen_at fingerprint",
        "words": "word backwards papers stem",
    }
)
