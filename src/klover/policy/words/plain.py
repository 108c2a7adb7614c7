"""Words a column's name may be made of and still say nothing of anybody.

These are the positive evidence that a flag, a number or an enumerated word is not restricted:
*every* word of its name has to be here (or name a table that is nobody's secret). A word that is
missing costs somebody a line to write; a word too many would open data, so each is general.
"""

GLUE = frozenset(
    """id a an and are as at be by can date did do does field for from get has have if in is it
    last new next not of off on only or original out per previous row s set should that the this
    time to up was when will with current first default""".split()
)
"""Words that only join others."""

SETTING_VERBS = frozenset(
    """accept allow auto disable disallow display enable exclude follow hide ignore include keep
    limit mute notify opt prefer receive reject require send share show skip subscribe sync use
    wants autoplay autofollow autoload force notification blur collapse""".split()
)
"""First words of flags that say how somebody wants things, not what somebody did."""

PLAIN = (
    GLUE
    | SETTING_VERBS
    | frozenset(
        """account active actor approved imported feature failed successful item admin all
        anonymous any api app application approval approve archived article attribute
        autosave available badge base batch blog board bot brand bulk cached category
        channel clear closed collection color column compact complete confidential count
        counter css currency custom dark days depth digest direction dirty discoverable
        editable edition email_free enabled entry enum exact exclusive extension featured
        feed fetch file filter final flag folder follower following font format forum
        frequency frozen fulfilled global group hidden highlighted hint hour immutable
        index indexable internal kind label language layout legacy length like list
        listable listed local lock locked main manual max maximum member memorial mention
        menu mime min minimum minute mode module multiple mutable mute name_format node
        notification obsolete open overwrite owner_type page pagination parallel
        parent_type partial permission pinned pin_order plan plugin policy poll position
        post primary priority privacy private processed processing product protected
        protocol provider_type public publication published publish quality queue quota
        quote rank read_only ready reblog recurring related reply repeat revision role
        root rule scheme schema second section sequence shared side silent site size sort
        source stage stale standard state static status step sticky storage store style
        superapp system tab table tag template theme thread threshold timeframe tool topic
        total_count type unit unlisted update updated uploaded usable use_count version
        verified_type visibility visible week weight_order wiki widget year created create
        edit edited insert write lang lazy pinned_globally sorted revoked usage timeline
        untrusted fav share trend bookable sellable purchasable taxable shippable stock
        inventory catalog department warehouse supplier digit scale precision iso symbol
        icon algorithm asset async axis bin bit block bucket build bundle byte callback
        chunk cluster codec component container cron css csv database debug delay
        deployment diameter dimension disk encoding engine environment equipment fabric
        feature firmware flavor fork frame framework fuel function gear hardware http
        import ingredient input interface interval json kernel kit layer length library
        license machine manifest manufacturer material memory metric model namespace
        object offset operation output pack package pallet part partition patch piece
        pipeline pixel platform pool port processor product proxy rack ram range ratio
        register registry release render replica repository resolution resource retry
        runtime script segment server service shard shelf shell snapshot socket spec
        specification stack statistic stem stream structure style syntax tank texture tier
        tire toolbar torque tray trigger tube tyre validator variant short long native
        secondary vector viewport voltage volume warranty watt web wheel width window
        wire""".split()
    )
)

OF_THINGS = frozenset(
    """allowed sensitive nsfw explicit spam answered solved pinnable able width height level
    limited urgent purged hit play download upload upvote downvote star fork clone subscriber
    viewer visitor like dislike reaction bookmark impression reach popularity popular trending
    boost promoted sponsored verified official collapsed expanded locked stickied anonymous
    nested depth tree left right parent child root original copy duplicate translated rotated
    compressed encoded transcoded bitrate resolution framerate aspect ratio dimension weight
    thickness speed volume capacity seat chapter episode season track disc edition isbn barcode
    sku price currency rate fee tax discount minimum maximum rating score average sum total
    voter participant member guest winner round lap point goal set match game team award bonus
    reward badge rank tier""".split()
)
"""More words that things have, read only where a row is a thing or a setting."""

NUMBER_HEADS = frozenset(
    """active bit byte item capacity direction enabled column count counter days depth digit
    duration fav favs hour id_scheme index iteration length limit max maximum min minimum minute
    month number_format order ordinal page permission policy position precision priority
    protocol quota rank reblog revision scale scheme second sequence size sort state status
    stage step threshold timeframe type version visibility week year like reply kind mode use
    uses rating_count""".split()
)
"""One of these has to be among the words of a number that is not restricted."""

TEXT_HEADS = frozenset(
    """algorithm class_type color currency direction encoding extension font format icon_name kind
    lang language
    layout level mime mode policy priority protocol scheme state stage status style theme type
    unit version visibility""".split()
)
"""One of these has to be among the words of a text that is not restricted."""

TECHNICAL_HEADS = frozenset(
    "algorithm encoding extension font format layout mime protocol theme unit version".split()
)
"""Last words of texts that say how something is done or written, whatever a table is about."""

PLACES = frozenset("sort order position sequence sequential display list".split())
"""With ``id`` or ``number``: a place in an order, no reference."""

OPERATORS_OWN = frozenset("note remark memo comment internal private".split())
"""Words of texts that are not for everybody, even of a thing that is."""

TECHNICAL = (
    frozenset({"lock", "version"}),
    frozenset({"schema", "version"}),
    frozenset({"row", "version"}),
    frozenset({"revision"}),
    frozenset({"sort", "order"}),
    frozenset({"display", "order"}),
    frozenset({"listing", "order"}),
    frozenset({"order", "index"}),
)
"""Names that say nothing even in a table of secrets, by their words."""

TECHNICAL_ENDS = (
    ("schema", "version"),
    ("content", "type"),
    ("mime", "type"),
    ("file", "size"),
)
"""Ends of names of what a program keeps beside a file."""

TIMES = frozenset("created updated create update insert write modify edit edited revised".split())
"""What bookkeeping times are of: when the row was written."""

FINDABLE = frozenset("discoverable indexable searchable".split())
"""Words of flags that say whether anybody may find what the row is: it is made to be shown."""

SHOWN = frozenset(
    """username handle nickname display bio about note avatar header banner cover picture image
    photo url website domain link icon description title name html text file remote public field
    also known attribution shared inbox outbox collection featured actor_name headline tagline
    blurhash caption user meta""".split()
)
"""Words of what such a row shows, where every word of the name is one of these or plain."""

PUBLIC_TIMES = TIMES | frozenset(
    """publish published start starts end ends begin finish open close closed expire fetch fetched
    scheduled schedule score max review index indexed refresh valid effective release released
    bump bumped sync synced featured pinned expires captured sent notification refreshed""".split()
)
"""The same where the row is a thing for everybody to see."""

LANGUAGES = frozenset(
    "en de fr es pt nl sv da nb nn fi pl cs sk hu ro bg el ru uk tr ja zh ko".split()
)
"""Ends of names of texts in several languages: ``name_en``, ``name_sv``."""

IMAGES = frozenset(
    "image thumbnail avatar header cover banner icon picture photo logo poster media video".split()
)
"""Words for the pictures of a thing."""

ADDRESSES = frozenset("slug permalink".split())
"""Words of what stands in a public address."""

ADDRESSED = frozenset("name title slug permalink shortname short headline".split())
"""Words of what is called in public: an organisation, a page with an address of its own."""

CALLED = frozenset("name title slug code sku label description symbol abbreviation".split())
"""Words of what a thing is called."""

THINGS_HAVE = frozenset(
    """slug code sku position priority order sort color icon symbol unit price amount rate fee
    duration version logo quantity""".split()
)
"""Words of what stands beside a thing's name, and hardly ever beside a person's."""

MEASURES = frozenset("width height size offset length duration ratio top left".split())
"""Last words of the measures of a picture."""

SHOWING = frozenset("show hide display".split())
"""First words of flags that are a wish: what is shown or hidden is not told, only whether."""

SHARED_NAMES = frozenset(
    """permalink category code color currency description hint icon iso kind label language
    name abbreviation abbr environment
    shortcode shortname slug state status symbol tag text_type title type unit version key var
    plural singular translation locale lang domain model brand genre rating role permission
    database relation schema branch level format length feature continent country city region
    province zone timezone capital size class line group shelf bin sku barcode series""".split()
)
"""Texts of a table that is nobody's data which may be public."""

PLACED = frozenset("ordering order position index sequence x y z ordinal".split())
"""Last words of numbers that are a place among others, or on a page."""

SORTED = frozenset(
    """type kind role mode model color version format locale lang platform variant
    theme template layout""".split()
)
"""Last words of what is one of a few sorts, or a thing's own short name."""

TONGUES = (("locale",), ("text", "locale"), ("document", "locale"))
"""Names of columns for the language that a text is in."""

LISTED = frozenset("category type kind scale translation template column customization".split())
"""Last words of tables that list the sorts of something, or say it in other words."""

JUDGED = frozenset("sensitive hidden visible removed spam banned".split())
"""Words of flags that may say what a moderator thought."""

PAID = frozenset(
    "price quantity sum total cost fee locked rank factor weight point xp streak".split()
)
"""Words of numbers that tell what somebody bought, has or is worth."""

CLOCKS = frozenset("time date ts expiration expiry valid since success at ms".split())
"""Words of numbers that may be times."""

KEPT = frozenset(
    """file filename upload code reason comment answer value metadata content note message email
    cursor query hash domain host server check phrase val object dump data
    assigned config""".split()
)
"""Words of texts that stay closed wherever they stand: what somebody wrote, sent or is found by."""
