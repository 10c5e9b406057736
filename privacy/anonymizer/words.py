"""Word tables: names that are also words, places, months, and the small words that begin a sentence.

All entries are folded (lower case, no diacritics). The tables are short on purpose: they answer "could this
capital letter mean something other than a person?", not "is this an English word?".
"""

from __future__ import annotations


def word_set(words: str) -> frozenset[str]:
    """The words of a table written as running text."""
    return frozenset(words.split())


# Given and family names that are ordinary words: virtues, plants, colours, jobs, animals, things, verbs.
NAME_WORDS = word_set("""
    gene karma memo
    abbey abbot ace acre ada adder alder ali alley alt amber ambler ambrosia ames amor ampere angel apple april arch
    archer arm armour arrow art ash aspen august aurora autumn avery axe bacon badge badger bailey baker ball bank
    banks banner barber bard barge bark barker barley barn baron barrel barrister barrow base basil basket bass
    bates battle bauer bay beach bead beam bean bear beard bearing beaver beck bee beech bell belle bellows bench
    bend berg berger berry best bianca bill birch bird bishop black blackbird blackwood blade blanc blanco blank
    blaze bliss blizzard block bloom blossom blue blythe board boat bold bolt bon bond bone bones bonfire book booth
    border boss bot bottom boulanger bow bower bowl bowler bowman box boy boyd brace bracken bramble branco brand
    brandy brass braun brave bravo bray bread breaker breeze brewer brewster brick bridge bridges bright bristle
    brook brooke brooks broom brother brown buck buckle bud bug builder bull bullock bunny bunting burn burns burrow
    bus bush butcher butler butter button buttons buzzard cable cage cain calm calvo camel camp campos can candela
    candy cannon canon cape card cardinal care carol carpenter carriage carrier carrot cart carter carver case cash
    castle cave cedar chain chalk chamber chambers champion chance chandler change chapel chapman charge charity
    charm charter chase cheer cheese cherry chess chester chestnut chief child childs christian church cider city
    claw clay clear clement clever cliff clock close cloth cloud clover coach coal coat coats cobb cobble cock
    coffee coin cole colt comb comet comfort conk constant cook cooke cooper copper coral cord cork corn corner
    costa cottage cotton couch counsel count court cousin cover coward cox coy crabtree craft crane craven cream
    creed crew cricket crisp critic crook crop cross crow crowd crown crumb cruz crystal cup curd curry curt curtain
    cutler cutter cypress dagger daily daisy dale dame damper dance dancer dandy dark darling dash daughter dawn day
    days deal dean dear debt deck deer delgado dell den dense depth desire destiny dew diamond dice dick diet diggs
    diver divine do dock doe dolly dolores dolphin domino donkey dot dove down draft drain drake draper draw dream
    drew drill driver drought drum drummer duke dusk dusty dwarf dye dyer eager eagle earl early earnest ease east
    eastern easy ebony echo eden edge elbow elder elf elm ember emerald empress english ensign envy ernest eve even
    ever evergreen excellence express fable fair fairchild fairy faith falcon fall fallow fame fan farmer farrow
    fast fawn fear feast feather fern ferry fiddler field fielder fields fife figure filler finch fine fire firth
    fischer fish fisher fisherman fishman fist fitter flag flame flannel flash flax fleece fleet fletcher flint
    flood flora flores flour flower flowers flute fly flynn fog foil folk foot forbes ford forest forester forge
    forrest forth fortune foster fountain fowler fox frame frank franklin free freeman freeze french friend fringe
    frost fry fuchs fuel fuller fury gain gale gallant gallop gamble game garage garden gardener gardner garland
    garlic garnet garrison gate gates gauss gem general gentle gentry german giant gift gill ginger glad glade glass
    glaze glen glory glover glow go goal goat gold golden gong good goodman goose gore gower grace grain grand grant
    grape grass grave gravel graves gray grays great greed green greenwood grey grief grim grocer gross grove groves
    grub guard guerra guess guest guide guild gull gun gunner gust guy hack hail hale hall halls ham hammer hammock
    hand hands handy happy harbour hard harden hardy hare hark harmony harp harper harrow harry hart harvest hatch
    hatchet hatter haven hawk hawkins hawthorn hay hays hazard haze hazel he head heard heart hearts heater heath
    heather heaven hedge helm hemp her herald herb hero heron hertz hickory high hill hills hilt him hind hinge his
    hitch hobby hoe hog holder hole holiday holland hollow holly holmes holt honest honey honor honour hood hook
    hooker hooper hope hopes hopper horn horne horse horseman hound house houses hull humble hunt hunter hurdle
    hurley hurst husband hyde ice if iglesias imam in inch index infant ink inn innocent iris iron irons is island
    israel it ivory ivy jack jade jasmine jasper java jay jean jet jewel jo job joiner jolly jordan joule journey
    joy judge julia july jump june jung juniper justice kaiser karma kay keen keep kelvin kettle key keys kind
    kindness king kings kirk kitchen kite klein knapp knife knight knock knot knott knowledge koch konig kotlin kurz
    lace lad ladder lady lake lamb lambs lamp lance land lane lang lange language lantern larder lark lash last
    lathe laurel lavender law lawn lawyer lead leader leaf leal lean leap leather leaves leblanc lebrun lee legend
    legrand lemon leon leopard lesson letter level lever liberty lick light lightfoot lightning lilac lily limb lime
    limestone linden line ling link linnet lion list little lively liver livery lobo lobster lock lodge lodger loft
    lofty long look loop lord lot lotus love lovely low luck lucky lull lumber luna lustig lute luz lynx lyric ma
    mac mace magic maiden mail main major mall mallet mallow malt man manifest manly manner manning manor mantle
    maple mar marble march mare margin marigold mark marker market marks marsh marshal marshall martin marvel mason
    mass mast masters match mate matt maverick max may maybe mayor me mead meadow meadows mean means measure medal
    meek mellow melody mend mercer merchant mercier mercy merit merry mess metal meter midwinter mild mile miles
    milk mill miller mills mind mine miner mint mirror mist mix moat mole monday money monk moon moor more moreno
    morning morrow mortar moss mother motley mount mountain mouse mover mule muse music mustard my myrtle nail name
    nary nave neat nectar nest nettle neve new newcomer newell newton nice night nightingale no noble noel noise
    nook noon norm north not novel null nun nurse nutmeg oak oakes oaks oar oates oats ocean ode of off ohm old
    olive on one onion only opal or orange orchard orchid order ore organ otter our out outlaw oven over overall owl
    own oxen pa pace pack packer pagan page paige pail pain paine paint painter pair palace palm palmer panther
    parade paradise paris parish park parker parks parrot parson parsons partridge pascal pass passion pastor
    pasture pat patch path patience patrick patron paul paz pea peace peach peacock peak pear pearl peat pebble peck
    peel pen penn penny pepper perch perfect perry pet petit petty pheasant phoenix picker pickle piece pier pigeon
    pike pilgrim pillow pilot pinch pine pink pinner pinto pipe piper pitcher pitman pitt place plain plane plank
    plant player pledge plot plow plum plummer plush pocket poe poem poet points pole polish pollen pollock pond
    pool poole poor pope poppet poppy portal porter portrait post potter pottery pound pounds powder power powers
    praise prayer precious prentice press preto price pride priest prime primrose prince princess prior prize
    proctor profit prophet proud provost prudence pruitt pryor pudding puddle pullman purple purse python quail
    quarry quarter quartermaine queen quest quick quiet quill quiver rabbit race radish raft rafter rail rain
    rainbow rake ram ramp ranch ranger rank rate rattle raven ray rays razor read reader reading ready rebel redhead
    redman reed reef reel reeve reeves refuge regal reign relief render rest reward reyes rhodes rhyme ribbon rice
    rich riches richter riddle rider ridge rifle rigger right ring rio ripple rise river rivers rivet roach road
    roads roam rob robe robin rocha rock rocket rod roe rojas roller roman romance romeo roof rook room rooney root
    roots rope rosa rose roses round roux rover row rowan royal rubble rubio ruby rudder rue rug ruler rush russet
    rust ruth rye sable sack sad saddle saddler sadler safe sage sailor saint sale salmon salt sand sandal sands
    sandy santos sapphire saturday saturn sauce savage save savior saw sawyer say scala scale scare scarlet
    schneider school schwarz scope score scott scout scribe scrub sea seal seals seaman search season seed self
    selfless senior sense serene sergeant settle sewell shade shadow shakes shark sharp sharpe shaw shears sheep
    shell shelter shepard shepherd sheriff shield shine ship shirt shoe shoemaker shooter shore short shot shovel
    shower shrew shrub sickle sides sierra signal signs silence silk sill silva silver simple singer singh singleton
    sink sire skinner skipper sky slack slate slaughter sled sleep slice slim slipper sly small smart smear smith
    smoke snail snare snipe snow snyder so sol solace soldier sole solomon somme song sorrel sorrow soul south spade
    spar spark sparks sparrow speaker spear speed spell spence spencer sphere spice spike spindle spinner spire
    spoon spoor spot spray spring springs sprinkle sprout spruce spur squire stable stack staff stag stage stair
    stall stamp stands stanza star stark starling stars state steed steel steele steep stein stem step stephens
    sterling stern steward stewart stick stile still sting stitch stock stocks stone stoner stones stool storey
    stork storm story stout stow straight strain strand strange straw stream street strength strike striker string
    stripe stroke strong strung stubble student stump sturdy style sue sugar summer summers summit sun sunday sunny
    sunshine supple surf surgeon surprise swain swallow swallows swan sweet swift sword swords sycamore tab table
    tack tail tailor talent tall tally tank tanner taper target tart tassel taylor teal tease tell tempest temple
    tender tennant terry tesla than that thatcher them then there these they thicket thimble thin this thistle thorn
    thorne those thrash thrasher thread threat thrift throne thrower thrush thumb thunder thyme ticket tide tiger
    till tillage tiller tim timber time tin tinker tinsel tiny to toad toast token toll tom tongue too tool tooth
    topping torch torrent torres tough tout tower towers town townsend tracer track trader trail train trapper
    travel treasure tree trees trick trinity trinket trip troop trout trowel truce true truelove trueman trumpet
    trunk trust truth tub tuck tucker tuesday tulip tune turnbull turner turnip turtle twigg twin twine twist two
    tyler tyre ula umber uncle under unity up urban us usher vale valentine valley vane vaughan vaughn veal vega
    veil velvet venture verity vernal verse vessel vicar vice victor victoria victory view village vine vinegar
    viola violet violin virgo virtue vogel vogue voice volt vowel wadding wade wager waggoner wagner wait waite wake
    wald walk walker wall wallace waller walls walnut waltz wand want warbler ward warden ware wares warm warner
    warren warrior was wash washington wasp water waterfall waterman waters watt watts wave waves wax way we wear
    weather weathers weaver webb weber webster wedge weed week weeks weight weir weiss welder well wells were west
    western whale what wheat wheel wheeler when where which whip whisper whistler white whitehead whiting who whom
    whose why wick widow wig wild wilde wilder will willow wills win wind windmill winds wine wing winner winter
    winters wire wisdom wise wish witch with wolf wolfe wonder wonders wood woodcock woodcutter wooden woodhouse
    woodland woodman woodpecker woods woody wool word words work worker world worth wrath wren wright yard yarn
    yarrow yeast yell yeoman yes yield yolk york you young younger your youth zeal zenith zest zone
    """)

MONTHS_AND_DAYS = word_set("""
    january february march april may june july august september october november december monday tuesday wednesday
    thursday friday saturday sunday enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre
    diciembre janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre januar februar
    marz juni juli oktober dezember lundi mardi mercredi jeudi vendredi samedi dimanche lunes martes miercoles
    jueves viernes easter christmas ramadan spring summer autumn winter
    """)

# Places that are also given or family names.
PLACES = word_set("""
    adelaide africa alabama alexandria america asia asuncion athens austin avalon bath berlin bethany boston
    bradford brazil bristol britain brittany brooklyn burlington burma cairo california camden canada carolina
    carson charlotte chelsea cheyenne chester china cleveland colorado columbus cordoba corona cuba cyprus dakota
    dallas darwin denver devon diego dublin durham egypt elizabeth england essex europe florence florida france
    geneva genoa georgia germany ghana granada greece grenada hague halifax hamilton hampton havana holland houston
    hudson india indiana iran iraq ireland israel italy jackson jamaica japan jericho jersey jordan juneau kent
    kenya kingston korea kuwait lancaster leon lima lincoln lisbon london lorraine louisiana lourdes lucerne lydia
    lyon macon madison madrid malaysia mali malta marina marseille maryland memphis mexico milan milton monaco
    montana montgomery morocco moscow nevada newcastle nice norfolk norway odessa ohio orlando oslo oxford palermo
    palestine paris persia perth peru petra phoenix poland portland portugal preston raleigh regina richmond rio
    roma rome russia salem salvador samara santiago savannah scotland seville shelby siena sierra somalia sofia
    spain stafford sutton sweden sydney syria tanzania texas toledo trenton trinidad troy tulsa turkey tyrol
    valencia venice vera verona victoria vienna vietnam virginia wales warwick washington wellington winchester
    windsor worcester york zaire toronto
    """)

# Countries and states that make a town of the name before them: "Nelson, New Zealand". None is also a given name.
# Written as in the text, with _ for a space.
COUNTRIES = word_set("""
    Australia New_Zealand Canada Ontario Quebec British_Columbia Alberta Texas Ohio Oregon Maine Vermont Massachusetts
    Connecticut New_York New_Jersey Pennsylvania Maryland Illinois Michigan Wisconsin Minnesota Iowa Missouri Kansas
    Nebraska Colorado Utah Arizona New_Mexico California Nevada Washington Idaho Louisiana Tennessee Kentucky Alabama
    Mississippi England Scotland Wales Ireland France Germany Italy Spain Portugal Mexico Brazil Argentina Colombia
    Peru South_Africa Nigeria Ghana Egypt Morocco India Pakistan China Japan Korea Malta Greece Turkey Poland Hungary
    Austria Switzerland Belgium Netherlands Denmark Sweden Norway Finland Iceland Russia Ukraine Philippines Indonesia
    """)

# Words that may stand with a capital beside a name without being part of it.
FUNCTION_WORDS = word_set("""
    a about above according acknowledgement acknowledgements acknowledgment acknowledgments after again against all
    almost along alongside already also although always am among an and another any are around as ask asked asking
    at author be because been before behind being below beside besides between both but by bye call called calling
    can cheers classmate classmates collaborator collaborators colleague comment comments congratulations
    contributions could cc credit credits day dear did do does done during each either email essay even every
    everyone except few finally first following for from further get given giving good great group had has have
    having he hello helped helper her here hers hey hi him his hola how however i if in indeed inside instead
    instructor into is it its just kind last later let like luckily many may maybe me met mine more most mr much my
    name near neither never next no nor not now of off ok okay on once only or other our ours out over partner
    partners per perhaps please poor prepared prof professor ps quickly quote quoting re reader reading really
    regards respected reviewed said saw says second see she signed sincerely since so some someone sometimes soon
    special still student students submitted such supervisor supervised taught teacher team teammate teammates thank
    thanks that the their them then there therefore these they third this those though through thus till to today
    together tomorrow too towards tutor under unlike until up upon us very via was we well were what when whenever
    where whether which while who whose why will with within without working would written wrote yes yesterday yet
    you your yours el la los las un una de del con por para y o en segun gracias agradezco querido querida estimado
    estimada hola me soy le les des du et ou avec par pour selon merci cher chere bonjour je der die das ein eine
    und oder mit von fur nach laut danke lieber liebe hallo ich obrigado obrigada caro cara com ao il lo gli con
    secondo grazie ciao nom nombre nome vorname alumno alumna profesor profesora professora professeur dozent
    dozentin autor autora auteur todo fixme note hr herr frau
    """)

# Words before which an ordinary capital letter names a thing, an office or a place and not a classmate.
OFFICES = word_set("""
    king queen prince princess lady lord sir saint st president emperor pope duke count countess captain general
    colonel major sergeant judge justice senator governor mayor chairman minister chancellor mount lake port fort
    cape point river bay san santa new north south east west upper lower great little old big
    """)

ARTICLES = word_set("""
    a an the this these those each every any some such another der die das den dem ein eine einen el la los las un
    una le les il lo gli os um uma
    """)

TIME_WORDS = word_set("""
    in by since until till of from during last next this early late mid on every each before after through between
    and to en de desde hasta im ab seit bis em depuis
    """)

PLACE_PREPOSITIONS = word_set(
    "in near at from to towards across around outside inside of through visit visited en a de nach aus vers em"
)

# Nouns that make a name before them a theorem, a place or an institution.
THINGS_NAMED_AFTER_PEOPLE = word_set("""
    technique illusion bowl agreement doctrine treaty constant institution commission act algorithm amendment angle
    argument avenue axiom bay bill bridge building case castle chart church circle city clause coefficient
    coefficients code codes college conjecture construction correction council county cross crossing cup curve cycle
    diagram disease distance distribution effect equation equations experiment factor field force formula foundation
    function fund garden gardens hall hill hospital hotel house hypothesis index inequality inquiry institute island
    islands journal kernel lake lane law laws lemma library machine map maps matrix medal memorial method methods
    model models modulus mountain museum noise number numbers palace paper papers paradox park pendulum plan plot
    polynomial polynomials postulate press principle principles prize problem process product project rate ratio
    reaction report review river road rule rules scale scandal school score series space square state station
    statistic street studio syndrome synthesis system table telescope test tests theorem theorems theory tower
    transform transformation tree trial triangle trust unit university valley variable wall war age ages motion
    razor cat dog harbour harbor opera marathon airport borough suburb peninsula coast railway commission committee
    cathedral basin strait expedition rebellion uprising riots massacre affair era period style school labs laboratory
    """)

# Nouns after which a name is the name of a thing: the river Jordan, hurricane Florence.
NAMED_THINGS = word_set("""
    river lake mount mountain cape isle island hurricane storm typhoon cyclone ship steamer frigate yacht planet
    asteroid comet port castle fort hotel station province city town village county state valley fluss rio lago monte
    """)

SCHOLARLY_HEADINGS = (
    "references",
    "reference list",
    "works cited",
    "work cited",
    "bibliography",
    "literature",
    "literature cited",
    "list of references",
    "sources cited",
    "works consulted",
    "cited works",
    "sources",
    "further reading",
    "literaturverzeichnis",
    "quellen",
    "bibliographie",
    "bibliografia",
    "referencias",
    "referências",
    "referenze",
    "obras citadas",
    "literatura",
)

PARTICLES = word_set("""
    ni nic ui van von der den de del della di da dos das du la le las los el al bin ibn binti bint abu ben bat ter ten
    te zu zum af av y e i st san santa mac mc o d n l
    """)

TITLES = word_set("""
    mr mrs ms miss mx dr prof professor doctor teacher sir madam maam tutor coach herr frau senor senora senorita sr
    sra srta don dona monsieur madame mademoiselle mme mlle signor signora dott pan pani ta lecturer instructor
    dozent
    """)


def is_word_like(words: tuple[str, ...]) -> bool:
    """Whether every word of a name is also a word, a place or a month."""
    return all(map(_is_word_like, words))


_WORD_LIKE = NAME_WORDS | PLACES | MONTHS_AND_DAYS
# Words of two letters, and the symbols of elements that are names as well.
_TINY_WORDS = word_set("""
    ad ah am an as at be by do eh er ex go ha he hi hm id if in is it la le li lo ma me mi mu my na no of oh ok on or
    ox pa pi re si so ta to uh um up us we ya ye yo al de el en et il un da di du se su tu te ti va vi ar co ga ho ne
    ni os ra ru xe
    """)


def _is_word_like(word: str) -> bool:
    return word in _WORD_LIKE or word in _TINY_WORDS or len(word) == 1


def is_tiny(word: str) -> bool:
    """Whether a word is too short to be told from another: two Latin letters, or one character of any script."""
    return len(word) < (3 if word.isascii() else 2)
