"""The lists of commands, in the order of use: ``klover`` itself, and its four groups.

A line is the first sentence of the command's own help; a test compares the two.
"""

from klover.cli.lazily import Listed, group

POLICY = {
    "suggest": Listed(
        where="suggest:suggest_policy", line="Write a first policy from a live database."
    ),
    "check": Listed(
        where="policy:check_policy", line="Tell what is wrong with a policy, and how to mend it."
    ),
    "explain": Listed(
        where="explain:explain_policy",
        line="Tell what an audience or a person sees of a table, and why.",
    ),
    "homes": Listed(
        where="homes:policy_homes",
        line="Tell how many people each piece of evidence for a home decides.",
    ),
    "diff": Listed(
        where="policy_diff:diff_policies",
        line="Tell what a change of the policy means, and for whom.",
    ),
    "keygen": Listed(
        where="policy_change:keygen",
        line="Make a key for a signer or an overseer, for `signing:`.",
    ),
    "sign": Listed(
        where="policy_change:sign",
        line="Show what a change means, ask, and sign it in FILE.sigs.",
    ),
    "propose": Listed(
        where="policy_change:propose", line="Hand in a policy with the signatures in FILE.sigs."
    ),
    "object": Listed(
        where="policy_change:object_to",
        line="Object to a proposal, as the overseer, before it takes effect.",
    ),
    "status": Listed(
        where="policy_status:status",
        line="Tell which policy is in effect, what waits, what came before.",
    ),
    "current": Listed(
        where="policy_status:current",
        line="Tell the text of the policy in effect, byte for byte.",
    ),
    "schema": Listed(
        where="policy_schema:schema",
        line="Print the JSON Schema of the policy's language, for editors.",
    ),
}
DOORS = {
    "plan": Listed(
        where="doors:plan",
        line="Print the SQL that makes the database match the policy, in order.",
    ),
    "apply": Listed(
        where="doors:apply", line="Make the database match the policy, and put it on record."
    ),
    "prove": Listed(
        where="doors:prove",
        line="Read back what every role reaches and hold it against the policy.",
    ),
    "status": Listed(
        where="doors_life:status",
        line="Tell which version stands, what is suspended, and what drifted.",
    ),
    "drift": Listed(
        where="doors_life:drift",
        line="Tell what changed behind the doors' back, and how to mend it.",
    ),
    "suspend": Listed(
        where="doors_life:suspend",
        line="Close doors while the application's tables are changed.",
    ),
    "resume": Listed(
        where="doors_life:resume", line="Make suspended doors anew, prove them, and open them."
    ),
    "drop": Listed(
        where="doors_life:drop",
        line="Take away the doors of some audiences, or with --all every trace.",
    ),
    "rotate": Listed(where="pseudonyms:rotate", line="Give an audience new pseudonyms."),
    "reveal": Listed(
        where="pseudonyms:reveal",
        line="Tell whose row a pseudonym names; goes on record first.",
    ),
}
MIGRATE = {
    "schema": Listed(
        where="migrate:schema",
        line="Give the enclave the source's tables, or name how the two differ.",
    ),
    "plan": Listed(
        where="migrate:plan", line="Say who would move, what stays, and what stands in the way."
    ),
    "run": Listed(where="migrate:run", line="Go on with the migration."),
    "compare": Listed(where="migrate:compare", line="Compare both sides row by row once more."),
    "retire": Listed(
        where="migrate:retire",
        line="Go on to the end: erase at the source what is equal inside.",
    ),
    "status": Listed(where="migrate:status", line="Tell where the migration stands."),
}
LOG = {
    "show": Listed(
        where="log:show", line="List the log's entries; `klover log verify` checks them."
    ),
    "prove": Listed(
        where="log:prove", line="Write a proof that an entry is in the log; it checks offline."
    ),
    "verify": Listed(where="log:verify", line="Verify a log from its files alone, or a proof."),
}
KLOVER = {
    "demo": Listed(
        where="demo:demo",
        line="Watch made-up people move home, and three visitors look at them.",
    ),
    "trial": Listed(
        where="trial:trial",
        line="Run an enclave here to try your own policy in, until Ctrl-C.",
    ),
    "policy": Listed(
        where="groups:policy", line="Write, check, explain, compare and sign policies."
    ),
    "doors": Listed(
        where="groups:doors", line="Make the doors of a policy, prove them, change and close them."
    ),
    "migrate": Listed(where="groups:migrate", line="Bring European users' rows home."),
    "up": Listed(where="up:up", line="Open the gateway and keep the log, until Ctrl-C."),
    "login": Listed(
        where="login:login",
        line="Print a token of the trial issuer: the password at the gateway.",
    ),
    "psql": Listed(where="psql:psql", line="Open psql at an audience's door."),
    "log": Listed(where="groups:log", line="Show, prove and verify the log."),
}

policy = group(POLICY, about=KLOVER["policy"].line)
doors = group(DOORS, about=KLOVER["doors"].line)
migrate = group(MIGRATE, about=KLOVER["migrate"].line)
log = group(LOG, about=KLOVER["log"].line)
