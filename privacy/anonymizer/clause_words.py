"""Word tables for reading the clause after a name: verbs, adverbs, and nouns that need no article.

All entries are folded. The tables are of kinds of words, so that a name need not be known to be judged.
"""

from __future__ import annotations

from privacy.anonymizer.words import MONTHS_AND_DAYS, PLACES, word_set

# Nouns that can open a sentence without an article: what is abstract, a substance, a plant, a season, a language.
BARE_NOUNS = (
    word_set("""
    hope faith grace joy love art charity patience prudence mercy destiny chance harmony melody honor honour liberty
    unity justice truth wisdom freedom glory victory fortune peace light power law will karma virtue verity constance
    serenity trinity temperance felicity prosperity clemency courage bliss amity chastity modesty desire envy passion
    pride fame grief sorrow care ease rest rhyme reason sense sleep speed strength tact taste trust worth youth
    work life death time nature science history music poetry philosophy religion language knowledge money
    ivy holly olive hazel basil sage ginger rosemary heather jasmine amber jade crystal coral opal fern clover hay
    lavender saffron thyme mint dill pepper garlic cotton silk wool linen velvet lace leather
    wheat barley rice rye corn oats stone wood clay sand glass gold silver steel copper iron bronze brass tin lead
    snow rain frost ice hail fog mist dew smoke fire flame ash water coal salt sugar honey milk cream butter bread
    beer wine ale food fish beef lamb pork moss grass reed heath marsh birch oak elm pine cedar maple willow
    ebony ivory pearl ruby rose lily violet iris marble granite flint chalk slate
    dawn dusk day night noon midnight morning evening winter summer spring autumn easter
    eve adam
    english french german dutch irish welsh spanish north south east west man woman god heaven hell church state
    war space sky sunshine moonlight daylight twilight gray grey green blue black white brown red pink
    sterling sales news banks rivers woods waters wells burns fields flowers stones marks bridges brooks hands
    heads springs winters stars sparks gates walls rains clouds roads streets friends
    """)
    | MONTHS_AND_DAYS
    | PLACES
)

# Of those, single things: they open a sentence before "is" at most.
SINGLE_THINGS = word_set("""
    rose lily violet iris ruby pearl opal willow fern heath reed clay gene miles jack penny olive holly hazel basil
    sage ginger amber jade crystal coral
    """)

ADVERBS = word_set("""
    always never often sometimes usually rarely seldom still also just already even once later soon thus then first
    again almost now too only ever hardly barely simply actually really quickly probably perhaps maybe therefore
    however indeed instead both here there further alone himself herself nearly not twice long since finally rather
    """)

AUXILIARIES = word_set("""
    is was has had does did isn't wasn't hasn't hadn't doesn't didn't can can't cannot could couldn't would wouldn't
    should shouldn't might must will won't may isnt wasnt hasnt doesnt didnt cant couldnt wouldnt wont
    """)

PAST_FORMS = word_set("""
    said told went came took gave made got kept ate ran wrote read drew drove built bought brought caught taught
    thought found held left lost met paid sent sold sat stood slept spoke spent stole swam threw understood won wore
    broke chose fell felt flew forgot forgave froze grew heard hid hit hurt knew led lent lay lit meant put rode rang
    saw sang set shook shot showed shut swore tore woke did began became bit blew bent dealt dug drank fought hung
    rose rewrote withdrew overheard oversaw mistook misread undid swept swung stuck struck spun split spread sprang
    shone sewed sought quit proofread outdid let laid kneeled interjected hosted
    """)

# Words in -ed that are no past forms.
NO_PAST = word_set("""
    red bed seed need feed speed breed weed deed reed hundred sacred naked wicked shed sled aged rugged ragged crooked
    indeed embed greed bleed creed steed biped
    """)

THIRD_PERSON = word_set("""
    says asks tells thinks writes keeps reads plays lives works comes goes looks talks sits stands runs walks drives
    rides speaks sings cooks draws paints teaches learns studies knows sees hears feels finds gives gets takes makes
    brings sends buys sells wins loses leaves stays starts stops begins ends tries wants likes loves hates needs
    hopes agrees disagrees argues claims notes points suggests explains believes calls answers replies responds
    volunteers jokes laughs smiles apologises apologizes thanks helps owes belongs chooses decides insists objects
    prefers proposes remembers forgets recommends mentions describes reports presents leads edits reviews interviews
    collects measures records designs codes programs types checks corrects completes prepares practises practices
    seems sounds passes pushes grows orders scores counts believes doubts
    trains swims dances joins meets visits organises organizes manages shares shows has does is was
    """)

# What hardly anything but a person does.
HUMAN_VERBS = word_set("""
    cooked baked blamed joked interviewed sketched chose emailed typed wired spilled spilt borrowed lent laughed
    smiled shrugged nodded apologised apologized proofread drove biked cycled walked uploaded downloaded coded debugged
    programmed texted phoned messaged whispered shouted sighed grinned frowned giggled winked volunteered tutored
    babysat knitted scribbled doodled jotted photographed filmed interrupted volunteers jokes lives thinks says writes
    cooks owes teaches plays drives sits proofreads emails texts codes laughs smiles sketches interviews
    remembered remembers forgot forgets apologises apologizes insisted insists volunteered wondered wonders complained
    complains admitted admits promised promises preferred prefers studied studies summarised summarized
    told tells asked asks thanked thanks said replied replies responded responds disagreed disagrees agreed agrees
    argued argues objected objects explained explains suggested suggests proposed proposes recommended recommends
    mentioned mentions pointed commented comments posted posts shared edited edits drafted rewrote transcribed
    translated presented rehearsed practised practiced rehearses practises memorised memorized spotted noticed
    noticed notices sang thought believes believed married divorced graduated enrolled commuted
    fixed repaired hosted interrupted sewed glued weighed counted printed scanned stapled solved calculated computed
    plotted graded corrected swapped packed unpacked parked jogged swam yawned cried sneezed coughed waved clapped
    quarrelled quarreled hugged smoked fried soldered welded sanded painted filmed narrated transcribes tuned hummed
    labelled labeled bakes baked bikes drives types taught
    hates dreads ordered phoned texts believes doubts
    sat wrote listened listens loved hated enjoyed enjoys dislikes disliked hesitated guessed guesses doubted
    doubts double-checked reminded reminds invited invites introduced congratulated encouraged encourages warned
    warns teased helped helps joined joins met meets borrowed borrows lent lends owed deserves deserved read reads
    """)

# Words of the classroom: a clause with one of them is about the people in it.
CLASSROOM = word_set("""
    draft drafts slide slides notes presentation spreadsheet quiz exam midterm homework assignment deadline meeting
    seminar tutorial classroom partner partners teammate rubric worksheet lab script repository laptop calculator
    questionnaire transcript handout zoom campus pipette flask minutes feedback comment comments post posts email
    forum opinion suggestion objection shift app roommate bus car coffee
    """)
# What may be of the classroom or of the subject.
SCHOLARLY = word_set("""
    data dataset note report poster appendix abstract outline grade mark session class group team section code bug
    survey interview footnote footnotes citations bibliography chapter reading readings essay paper table chart graph
    graphs figure figures title topic task tasks schedule library project prototype demo equipment balance camera
    discussion question questions answer answers idea ideas opinions point view argument explanation maths math
    calculations measurements thermometer glassware record
    """)

FIRST_PERSON = word_set("i me my mine myself we us our ours i'm i'd i've i'll we're we'd we've ours")
PRONOUNS = word_set("he she him her his hers himself herself")

# What begins the object or the complement of a verb.
OBJECT_BEGINNINGS = word_set("""
    a an the this that these those my our your his her their its me us him them it you every each all some any no
    how what why when whether where who if two three four five six seven eight nine ten one another both more
    nothing something everything anything nobody everyone somebody someone herself himself that's
    """)

PREPOSITIONS = word_set("from in at with of on for by under over near behind about as during before after into like to")
PLURAL_VERBS = word_set("were are have do can could will would may might should must was is had has did")
# Third persons that are plurals of nouns as well.
PLURALS_TOO = word_set("""
    leaves plays works notes points reports designs records looks calls answers claims draws runs stands types checks
    measures shows trains visits hopes needs wants loves ends starts stops presents studies walks drives rides paints
    tries likes hates objects comments
    """)

# What is done with hands or on foot: places, seasons and virtues do it only in a figure of speech.
AGENT_VERBS = word_set("""
    built builds brought brings chose chooses drew draws kept keeps took takes sent sends came comes went goes wants
    wanted tried tries made makes caught catches bought buys sold sells held holds put puts found finds gave gives got
    gets began begins started starts ended ends stopped stops ran runs wore wears paid pays won wins lost loses cut
    cuts opened opens closed closes carried carries arrived arrives left waited waits sits stood stands finished
    finishes tested tests collected collects recorded records measured measures organised organised organizes
    organises designed designs handled handles managed manages prepared prepares completed completes checked checks
    looked looks worked works learned learned learnt learns meant means needs needed knew knows saw sees heard hears
    felt feels used uses did does hates picked picks moved moves turned cleaned cleans poured pours cooked stayed stays
    """)
# What months and seasons do.
TIME_PASSES = word_set("""
    came comes began begins started starts ended ends brought brings arrived arrives saw sees felt feels left turned
    went goes stayed stays gave gives means meant
    """)
# The same and human verbs as they stand after "will", "couldn't" or "is going to".
BARE_VERBS = word_set("""
    bring take draw build keep choose send come open close present ask tell answer reply say write read draft edit type
    code film record collect measure design handle manage prepare finish complete check correct calculate solve explain
    suggest propose argue agree disagree think believe know remember forget join meet help thank lend borrow buy sell
    hold find give get try start stop wait sit stand work learn teach study play sing drive ride walk cook bake paint
    print upload download submit email call text interview transcribe translate summarise summarize understand hear see
    make do go leave share show talk speak listen watch visit attend organise organize lead volunteer want need use test
    """)
# Of those, what only somebody with a mind or a keyboard does.
BARE_MIND = word_set("""
    believe think know remember forget agree disagree understand want stand email text interview borrow lend type
    upload download apologise apologize volunteer
    """)
# After these "that" is what somebody says or believes.
SAYING_THAT = word_set(
    "claims claimed notes noted holds held feels felt found guessed points writes hopes wished swears"
)
# How somebody is, and hardly a thing.
PERSON_STATES = word_set("""
    ill sick absent away busy tired sorry glad happy upset nervous convinced sceptical skeptical unsure sure worried
    responsible afraid angry annoyed excited confused surprised shy kind patient lazy funny clever honest grateful
    supposed meant allowed asked told able willing ready
    unhappy pleased disappointed embarrassed impressed proud bored hungry pregnant allergic vegetarian
    """)
# What moves and breaks things without being anybody.
NATURE = word_set("""
    rain snow ice fog mist smoke fire ash water stone wood clay sand glass grass moss storm wind dust frost hail dew
    flame coal salt wool cotton silk steel iron copper gold silver summer winter spring autumn night dawn dusk
    """)
# What essays are about: with one of these a virtue, a season or a town may well be the subject.
SUBJECT_MATTER = word_set("""
    poem poems poet poetry novel play plot stanza verse scene act character characters narrator reader readers theme
    motif metaphor symbol tragedy hero heroine proverb fable myth god gods soul society culture life death human
    humans humanity world nature history century centuries decade decades age era war wars battle army king queen
    empire union state states nation nations country countries government law laws treaty reform revolution
    parliament president minister trade economy market markets dollar pound euro value price prices tax industry
    city cities town towns region population people percent size area coast river sea water soil soils climate weather
    temperature temperatures harvest crop crops plant plants species wall walls plots light energy surface
    constitution amendment independence border borders wage wages song rhythm tune chord chords typing syntax compiler
    book books volume canto gospel scripture production exports imports wool tobacco grain oil election conference
    """)
NOT_BETWEEN = frozenset({"not", "be", "have", "been"})
