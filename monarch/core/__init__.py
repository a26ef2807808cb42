"""The pure core: it decides, and touches nothing.

No clock, no I/O, no async, no randomness: the time and the dice come in as arguments.

Glossary (one word, one meaning; a new word enters here first):

message     bytes published on the pub/sub channel.
request     what a message asks for: one source, its targets, the channel to tell. Its id is its entry id.
ticket      one open issue (never a pull request) of the source, frozen in the plan.
plan        the frozen tickets of a request, shared by all its targets.
portion     the part of a template that a message asks for: some milestones, from a date on.
migration   a request's share for one target; the unit of delivery, retry, dead letter and replay.
cohort      the requests of one source and one channel that came together; named by its first request.
card        the one Slack message that covers a cohort, edited in place.
missed      a repository that was made from a known source and that no request named.
origin      the template that a repository was made from, as GitHub says.
detail      what a ticket has beside its text, of one of four kinds: labels, a milestone, a type, assignees.
target      the repository written to; source: the repository read from.
copy        the issue that Monarch created for a ticket.
reference   what points to an issue in a text, such as #12. Neutral: it leaves no trace at that issue.
frame       what an installation puts around a ticket's text.
marker      the hidden comment in a copy's body that names its ticket and its target.
evidence    what makes an issue the copy of a ticket: the ledger, our own account, a signature.
ledger      per target: what was intended, created or refused for each ticket.
look        to read a target until absence is evidence.
crossing    one pass over a target: look, copy ticket by ticket, look again and compare.
watch       what a crossing knows of its target at a moment: the ledger, and what its looks have shown.
desk        where a crossing asks for each permission and records each fact.
subject     what a crossing is about: its delivery, its request, its target.
stray       a second copy of a ticket, found and reported.
planted     a marker in someone else's issue that nothing proves: reported, never believed.
epoch       one unbroken memory of Valkey.
delivery    one handing-out of an entry to a consumer.
token       (consumer, entry id, delivery count): the fencing token of a delivery.
lease       the right to work on a delivery, renewed, bounded in time.
hold        a worker's view of one lease: what the code that works on a delivery asks whether it may go on.
outcome     what one outside call did.
verdict     what becomes of the delivery: Done, Retry, Snooze, Dead, Handback.
settle      carry a verdict out, atomically and fenced.
attempt     counted by us, on failure. Delivery count: counted by Valkey, on each delivery.
retry       again because it failed. Snooze: again at a known time, uncounted.
replay      a person sends a dead letter back.
budget      how many writes the credential has left in each window.
ceiling     the most writes in a window: as an operator set it, or learned from refusals.
credential  what calls are signed with: a token, or an App's installation. Account: who GitHub says it writes as.
turn        the right to the next write while the budget is scarce; waiters stand in line for it.
share       what a cohort gets of the budget: cohorts take turns, write by write.
gate        the circuit breaker of a credential: "no call before T". Probe: the first call through an opening gate.
note        what people should know about a migration though nothing failed, said once.
advice      what a person can do about a failure, apart from the reason, which says what happened.
obstacle    what stops all work of the fleet, with since when and its advice.
recall      to close the untouched copies of a request again, because a person asks for it. Undo: to reopen those.
touch       what people did to a copy (comment, label, link …): a touched copy is theirs and stays as it is.
update      to bring later edits of the template into the copies that are still as Monarch wrote them.
act         what one run of a migration is for: copy, recall, undo, update.
rehearsal   an act over ports that read really and remember writes (a dry run). Passage: what it came to.
survey      what a look at one target and its ledger show, for people.
heal        to make deleted copies again, because a person asks for it.
intent      the ledger's word that a write may be under way; its nonce names that one write.
park        hold until due, owned by no worker.
sweep       one round of the reclaimer: parked work that is due goes back, and stalled deliveries are taken over.
notice      something to tell the channel.
drain       stop receiving, finish the step in hand, hand the rest back, stop.
"""
