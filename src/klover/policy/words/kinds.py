"""What tables are about, by the words of their names.

The strictest kind that a word stands for decides. A table with no known word is of no known kind,
and then nothing in it is opened but what its columns' own names say.
"""

PEOPLE = {
    "user": 9,
    "customer": 12,
    "account": 8,
    "person": 8,
    "patient": 10,
    "member": 6,
    "client": 6,
    "subscriber": 6,
    "student": 8,
    "citizen": 8,
    "insured": 8,
    "resident": 6,
    "partner": 6,
    "passenger": 6,
    "rider": 7,
    "guest": 5,
    "learner": 7,
    "player": 7,
    "borrower": 6,
    "donor": 6,
    "policyholder": 8,
    "employee": 4,
    "participant": 5,
    "candidate": 5,
    "applicant": 5,
    "buyer": 5,
    "author": 2,
    "driver": 4,
    "teacher": 3,
    "individual": 7,
    "identity": 2,
    "contact": 4,
    "profile": 3,
    "lead": 3,
    "owner": 2,
    "admin": 2,
    "doctor": 3,
}
"""Last words of the names of tables that hold people, with how strongly they say so."""

ROLES = frozenset(
    """head chief boss account actor admin advisor agent applicant approver assignee
    assigner attendee author beneficiary blocked blocker borrower buyer candidate child
    client coach collaborator commenter contact contributor creator customer doctor
    donor driver editor employee followed followee follower following friend guest guide holder
    host instructor invitee inviter learner lender liker manager member mentor moderator
    nurse organizer organiser owner parent_user participant partner passenger patient
    payee payer performer person physician player poster profile publisher receiver
    artist producer speaker presenter trainer composer musician singer director designer
    recipient referee referrer rep reporter representative requester resident reviewer
    rider seller sender student subject subscriber supervisor teacher technician
    therapist user vendor viewer visitor voter winner worker writer muted muter
    target_user salesperson uid uploader resolver granter revoker officer inspector operator
    closer cashier courier""".split()
)
"""Words for the part somebody plays: ``seller_id`` refers to a person."""

ABOVE = frozenset("report manager supervisor boss chief".split())
"""Words for somebody of the same table: who an employee reports to."""

RESPONSIBLE = frozenset("manager head lead chief supervisor contact responsible".split())
"""Parts that make nobody a department's or a shop's subject."""

DELICATE = frozenset("patient insured policyholder inmate donor resident".split())
"""People whose mere presence tells something: every row about them is a private one."""

RATED = frozenset("student pupil child employee candidate applicant patient".split())
"""People whose figures are nobody else's: their ranks and averages are no public counters."""

AUTHORS = frozenset(
    """author owner creator sender recipient user customer assignee reporter editor""".split()
)
"""Those of them that a number may be named after without a mark of a key: ``post_author``."""

AUDIT = frozenset(
    """created updated create write modified modify edited changed deleted archived
    inserted locked approved assigned disabled verified last_edited revised""".split()
)
"""With ``by`` or ``uid``: who entered a row, which does not make it that person's."""

EXTERNAL = frozenset(
    """external remote foreign provider stripe paypal facebook google apple github gitlab twitter
    discord telegram slack""".split()
)
"""First words of texts that are another system's ids: no keys of tables here."""

SELF = frozenset("parent ancestor root previous prev next reblog reply original duplicate".split())
"""Words for another row of the same table."""

SETTING = frozenset("setting preference permission configuration config policy option".split())
RELATION = frozenset(
    """follow following follower like favorite favourite friendship friend block mute
    membership member enrollment subscriber mention participation participant assignment
    assignee watcher attendee role connection link join pin collaborator contributor list
    recommendation severed""".split()
)
PUBLIC = frozenset(
    """post video article blog page photo album gallery playlist song track comment review
    topic thread forum status poll tag hashtag channel community announcement recipe
    listing product story reel collection wiki news category emoji badge podcast episode
    media attachment release publication book movie film course lesson stat trend
    preview sticker edit""".split()
)
WRITTEN = frozenset("post status comment reply thread topic review story diary".split())
"""Those of them that anybody writes, whose titles are texts like the rest."""

PRIVATE = frozenset(
    """issue watch library wish sale encounter obs immunization movement access activity
    address alert allergy answer_sheet api appeal appointment approval audit authentication
    authorization backup bank basket behavior benefit bill billing bookmark booking call
    cart case chat claim complaint consent consultation contract conversation credential
    data_export deletion delivery diagnosis dialog direct document donation draft dump
    email enquiry evaluation export filter finding gift history identity incident inbox
    inquiry invitation invite invoice ip job journal keyword lab ledger letter loan
    location log login mail message migration_request monitor note notification oauth
    observation offer order otp outbox password pay payment payout payroll payslip phone
    prescription purchase push queue reaction receipt record refund rental report
    request reservation result ride salary scheduled search session shipment sms
    subscription support survey task telemetry ticket token trace tracking transaction
    transfer treatment trip usage vault verification view visit vital vote wallet
    warning webhook wishlist moderation security vehicle attempt test exam grade
    submission scan device leave absence attendance timesheet shift interview response
    loyalty insurance statement ban saved read seen purge strike penalty sanction violation
    suspension click bounce swipe playback share""".split()
)
"""Tables whose rows tell what somebody did, has or is: everything in them but ids is restricted."""

PRICES = frozenset("price cost rate fee tax discount amount currency".split())
"""Words of what a thing costs; of a person they would be secrets."""

ACTS = frozenset(
    """message session login order payment visit booking transaction call chat cart purchase ticket
    claim appointment invoice trip ride vote search note mail letter receipt shipment delivery loan
    attempt encounter obs treatment prescription diagnosis reservation submission grade salary
    conversation consultation complaint inquiry enquiry interview wallet
    payslip attendance consent vehicle device donation refund""".split()
)
"""Those of them that somebody must have done or must have, whether or not a key tells who."""

DONE = frozenset(
    """event import export migration marker tombstone callback suppression interaction compliment
    meeting match liked waitlist recent presence mod moderator edit upload download change
    transition result reading response entry trigger adjustment line aggregation project
    blocked redemption quote check""".split()
)
"""More words for what was done or happened: a row is somebody's, even in a table of nobody's."""

BELONGINGS = frozenset(
    "home house household dwelling apartment flat car vehicle device pet family".split()
)
"""Things that are somebody's by their sort: their measures tell how somebody lives."""

SYSTEM = frozenset(
    """session sessions job jobs queue cache lock locks log logs event_store outbox
    dead_letter failed worker cron schedule metadata audit history payload""".split()
)
"""Tables that machines write: nobody is named, and anything may stand in them."""

MACHINERY = frozenset("job queue cache lock cron worker schedule metadata".split())
"""Those of them that keep a program running: their clocks and counters are nobody's acts."""

COUNTS = frozenset("aggregate stat statistic count counter summary metric".split())
"""Last words of tables that only count."""

PROGRAMS = frozenset(
    """migration migrations flyway alembic liquibase knex changelog catalog app relay
    server plugin integration provider extension theme""".split()
)
"""Last words of tables of programs and machines, whose rows are nobody's acts."""

SORTS = frozenset(
    """catalog dictionary type category kind method level code class status grade unit
    format role reason""".split()
)
"""Last words of tables that list the sorts of something: ``payment_methods``."""

PUBLISHED = frozenset(
    """announcement rule term terms faq help product film movie category news software
    release changelog documentation policy_text page plan city country language currency
    translation holiday feature ingredient dish course preset
    album track song episode podcast recipe""".split()
)
"""Things whose texts an operator writes for everybody, where nothing ties them to a person."""

ORGANISATIONS = frozenset(
    """agency brand business charity club college committee community company cooperative
    corporation council enterprise facility federation firm foundation franchise hotel institute
    institution league merchant municipality organisation publisher restaurant retailer school
    shop site studio supplier tenant university vendor venue warehouse workspace""".split()
)
"""Last words of tables of organisations: their names and ways of work are nobody's secret."""

ESTABLISHMENTS = ORGANISATIONS | frozenset(
    "branch church clinic congregation department diocese facility gym hospital parish".split()
)
"""Last words of tables of places that the public may enter: where they are is no secret."""

GATHERINGS = ORGANISATIONS | frozenset(
    """account area bank branch chapter church circle class clinic congregation country
    department diocese division group gym hospital language locale location office
    organization parish plan position practice project region role section team
    territory unit""".split()
)
"""Last words of tables that many people's rows refer to and whose affairs are nobody's of them.

Whatever else several people's rows refer to, a household or a device, is theirs together.
"""

REFERENCE = frozenset(
    """actor brand category city color continent country county currency department
    dictionary district emoji exchange_rate feature film genre holiday icon inventory
    language license locale label manufacturer menu model module movie plan product
    province region resource rule season shipper size sku state store supplier tag
    template terms translation type unit vat_rate vendor_type version warehouse zone
    deprecation domain relay provider software term service preset upload stat""".split()
)
"""Tables of things the operator keeps for everybody."""
