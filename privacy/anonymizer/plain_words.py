"""Ordinary words that somebody bears as a family name, beyond those which `words` tells are likely to be met.

Only what is written in lower case is looked up here: "the person" is nobody, "Person" may be.
"""

from __future__ import annotations

from privacy.anonymizer.words import word_set

PLAIN_WORDS = word_set("""
    abbas abide able ache adjutant admire agar agent aide akin alameda alamo alan alas alba albino alderman
    alert alias alliance ally alma almond aloe alpha alter alto ambrose amen amend amin amour angelic anger
    angle angry angst anon area arena arent argue armada armor arms army artist atlas aura awkward azure baba
    babe bach bachelor back backbone backer bail bailiff bain bake bald bale bali balloon balm banana banco band
    banda bane bang banker banning banter barb barcelona bare barefoot barlow barnard barney barren barrier
    barry barter barton baseman bash bastille batch bateman bathe batman baton batter beagle bearded beat beau
    becker beer bees begin begun belt bender bending benedict benn benny bent berth better beverage bias bidding
    bien bigger bile billing binder bing birdie bison bitter blacksmith blackwater bland blazer blazing bleak
    blend blender bless blessing blight blind blitz blocker blood blow blower blunt blush boast bobo bode bodily
    body bogus bolster boner bong bonnet bonus booker boom boomer boon boot boots booty booze bora borg boring
    born borne borrow bose bound bouquet bourbon bourgeois bowels bowie bowling boxer bracket brain brake bran
    branch brazen breach breath bree breed breeding brew bride brightly brill brilliant brim brine bring brink
    brisk brittle broad broaden broadway broccoli brochure brock broker brood brought brow brownie browning
    brunette brunt brush buddy budge buff buffalo buffy buggy bullion bump bunch bundy bunk bunker buoy burbank
    burden bureau burner burr burt bury buster butch butt butte cabal cabot cadet cake calais calamity caller
    camera camilla camper campus canal canary cancel cancer candle cane canning canton cantor capes captain
    carbon cargo carney carp carr carrick carry carte carton cartwright casino cast caster castor catalina
    catching cate cater catholic cavalier cease cellar center certain chad chai chalet challenger chamberlain
    champ champagne chancellor channel chant char chastity cheater check cheek cherish chesterfield chew chia
    chick chico chill chime chino choice chow chuck churn chute cinnamon circle cisco citizen civil clam clamp
    clan clap clarendon clarity clark class clause cleaver clerk cleverly cliche click client clinch clint
    clipper cluster clutter coast coaster coca coco code coffin coil coke cola colder coll collar colleen
    college collier colon colonel colony coma come comes commander commodore common commons companion conception
    cone cones congress conquest console constable conte converse cool cooler coon coop copa cope cordial cordon
    core corolla corp corporal corpus corral cortez cost cough council councilman counter countess coup coupe
    courier course cove covert cowboy cradle cram cramp crank crate crater craze crease cree creek crest crochet
    crock crocker croft crooked crouch cruel cruise crumble cuff cunning curb cure curl curling curly current
    custard cutting dada dade daft dang danger darby dare daring dart davenport deacon dearborn decent decker
    decree deed deem deep degree delay delta demos dent deputy derby derry dessert deter devoid dial dickens
    diem diesel dieter dill dine ding dire diss distance ditch ditto divers dixie doctor dodd dodge doing dole
    doll dollar dome dominion donate doom door dorado dose double dover downer dragon dredge dress dresser drier
    drilling drone drop drown dubs duck ducking duel duet duff dull dung dunk dunne durant dust dutch duty dyke
    earthly economy else emperor enter eros escort ester evangelist expose eyre face factor fail failing fairly
    fake fallen falling fang fanning fare farm faster fate faust favor favorite feeling fell felt fend fender
    fest fetch fickle file fill filter finder finely finer finger fink finland fireman fiscal fitting flair
    flake flaming flank flatter fleeting flick flicker flight fling flirt flock floor floss flow fluke flurry
    folio font footer force fore foreman forget form fort forte forward fought found foyer fraction franc franco
    fray freed fresh fret friar fried friendly fruit fudge fulham funk furnace furnish furry fuse fuss gabby
    gable gage gains gala gall gallery galley gallon galloway gambler gamma gang garb garner gather gave gear
    gearing genera generous genesis genie genre gent gentile gentleman getting gist glance glee glimpse gloss
    goes going goldie goldsmith gone goodness goods goodwill goody goodyear goon gosling govern grad grade graft
    gram grandchild grange granger grate gravely greener greenhouse greet grew grieve grill grime grinder grip
    grit groom ground grounds grow guardian guernsey guise guitar gully gump gunning gutter hacker hacking
    hackney hair half hallmark halo halt hamburger hamlet hamper handler handsome hanger harbor harder harm
    harman harness harsh hash haste hastings hasty hawking hayward hazy heading heal heap heaps hearing hearst
    heck hefty height heir heller hence herd heritage herring hickey hidden highland hint hippo hire hiss hives
    hoard hockey hoist holden holding holster holy home homer homestead honda hone hoof hoop horde horner hose
    host hotter housekeeper hove hover hubble hubby huddle huff huge human hunger hunting hurry hurt hush husky
    hutch idol imperial infield inks isle jagger jeans jerry jest jetty jock josh joss jubilee jumbo jumper
    junior junk jury kale kali kappa keel keto kick kicker kidney kill killer kindle kindred kingdom kiss kitten
    kitty knack knee kraft labor lack lacrosse lacy lafayette lager lair laird lama lambert lame lander landing
    landmark large larry laser lass latch late laughter laundry laura lava lawless layer leach league leak lear
    learn learned lease leash ledger leech lees left legacy leighton leisure lent less lessen lesser levers
    levin levy libel lied lien lieu life lighter limbo linear lineman linen liner linger lingo links lionel
    listen lister liter litter living loader loan lobe loch locker locus locust lohan lombard lone longs looney
    loose loosen lore lose loser loss lotto loud lover loving lower loyal lube lunch lung lush lust madden mage
    magnolia maid mains maize majestic maker mana mane mango mani mania manifold manila manners manny mantis
    manual margarita marine mariner marking maroon marquis marrow marry mart martyr mascot mash mask massa masse
    master mater math matte matter maxim mayoral maze meager mechanic media median mediate medicine medley mein
    mellon memory mention mercury merle mesa messenger messing meta mick midget mighty mike milder milling
    million milner mina mince mines mingle minion minister mink minnie minor minus miracle miss missy mister
    misty mixer moan mock mode model modest molly moment monarch monte mood moody moors moose mora morale mormon
    morn moron morse mott motto mould mound mourning mower muck mulberry mulder mulligan munch must mustache
    muster mutton nanny napoleon narrow natal nation naval navy necessary needle needles needs needy negro
    neighbor nephew ness nicely nick nickel niece nigh nine nipple northern nose notch notice noun nova novella
    number obey octave odor offer officer older omega ouch overcast overland overly oyster pacific paddock paddy
    pale pallet pancake panda pandora pane pang papa parcel parchment pardon parent parlor parma parody parry
    parsley part party pasha passer pastel patient payer payment peasant peed peek peeling peer peggy pellet
    pence pencil people perish person petite piano piazza piccolo pick pickering picket pickup pico piedmont
    pierce piety pile piles pill pillar ping pita pitch pizza plan plaster plate platter plaza pleasant pleasure
    plenty plough pluck plumber plume plump point pointer poke police polio polite polka poll pollard polo
    pompey ponder pong pont poplar porch pore port portman porto posse postal poster pouch prairie pray precise
    president presume pretty prey prima primer promise proper prose prosper proto providence province prudent
    public puff pulse puma pump punch punt punter purchase push putt quaker quay query quirk racer rack radar
    raid raider railing raisin raja rana rancher rang range ransom rape rash raspberry rather rave ravens reach
    real reap reaper rear reason record rector redding reddish reddy redo redwood register rein reins relic
    reveal revel revere rick riding rife riff riley ringer rink ripper risen rising risk rival rocker rocky rode
    rogue rohan roll rolling rondo roper ropes rosario rosemary rosy rouge rough roulette rouse rout route rower
    royalty rudd ruddy rude ruff rule rumble rump rung runner running ruse rushing rusty rutherford saber sabine
    sake salaam saliva salle salon salvage sample sanders sane sang sans sari saucer saunders saver savory savoy
    scales scarce schooling schooner scot scrape screen scripture seat section seek seen sell seller semen
    senate sender sensor sept sera serge sermon serum servant serve server service session sessions setting
    settler sever severance severe sewer sexton shack shady shaggy shah shake shaker shall shallow sham shank
    shape share sharper shave shawl shay shear shed sheen sheer shelling shelly shilling shin shingles shipper
    shire shiver shock shone shook shorten shorter shorts shoulder shove show shown shutter sicilian sick side
    sieve simmer simpler sine sing single sinner siren sitter skill slade slain slater slay sledge sleek sleeper
    slick slider slight sloan slot slough smack smaller smiling smoker smyth sniff snowball sober soda soho
    solar soles solid solo sonny sons sour southern southward sovereign space span spare sparkle speak speck
    specter speedy spicer spine splinter spore sport sports sportsman spotted sprang springer sprung square
    stain stake stalker stalling stallion standard standing staple starch stare starring starry start stash
    station stave stay stead steady steer sticker stiff stocking stoke stole stoop storage store stormy stove
    strait stranger strawberry stray streets stretch stride strife stringer stroll struck stuck study sturgeon
    suing suit suite sully sultan summons sumner super surface surrey swagger swam swamp swarm sweat sweep swell
    swim swimmer swing swiss tables taft taker talk tango tanker tape taps teach tear teller temp tenant tennis
    tenor tent tequila terrace terrible test tester thee thong thrill tick tickle tier tiff tilt times tinder
    tipping tobacco tomb tome tone toner tong tonic toon toot topper torn toro tory tote touch trace trainer
    tram tramp traverse treat tremble trench trend trial tribe trim trio tripoli troll tron troupe trucks truly
    trump truss trusty tung tuning turk turns tweed tweet unavailable underwood union uphold upright utter vail
    vanish veer vein venerable vent verge vest veto vial vigil vigilante vigor vile villa ville vineyard virgin
    vita vital viva vote voter wafer waffle wage wages wagon wainwright walking wallet walsh wander warn warning
    warp warsaw wary washer washing watcher watchman ways weakly wearing weary weasel weaving webber wedding
    weekly welcome weld welding welsh went whack wheeling whistle whit whites wholly wicker wide widen wiener
    wight willing wilt winch windy winger wink winning wisely wiser witty woodward works worm worn worst worthy
    wreath wrench wrinkle writer yale yawn yeah yellow yielding yoke yorker
    """)
