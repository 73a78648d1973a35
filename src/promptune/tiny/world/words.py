"""The words of the small world. Everything that the skills speak of is here, so that what one of them says another one knows."""

from __future__ import annotations


def _pairs(text: str, between: str = " ") -> dict[str, str]:
    """hot-cold big-small: what stands before each hyphen, and what belongs to it."""
    return dict(pair.split("-") for pair in text.split(between))


GIRLS = (
    "Anna Mia Lucy Emma Sara Nora Lily Ella Ruth Jane Kate Zoe Rosa Amy Beth Clara Ida Maya Nina Olga Pia Tara Vera Wendy Alma Dora Eva Grace Hana Iris"
).split()
BOYS = (
    "Tom Ben Roger Sam Leo Max Paul Jack Luke Adam Finn Omar Hugo Mark Eric Alan Carl David Emil Felix Gary Henry Ivan Jon Karl Nico Oscar Peter Ravi Theo"
).split()
NAMES = GIRLS + BOYS
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = "January February March April May June July August September October November December".split()
SEASONS = "spring summer autumn winter".split()
NUMBERS = "zero one two three four five six seven eight nine ten eleven twelve".split()
PLACES = "park school beach forest market library river garden museum farm station bakery harbor lake castle zoo theater cafe bridge square village".split()

# Every word stands in one kind only.
KINDS = {
    "animal": (
        "dog cat horse cow pig sheep lion bear mouse fox wolf goat rabbit tiger monkey donkey camel elephant deer zebra frog turtle snake squirrel"
    ).split(),
    "bird": "duck goose owl eagle crow swan hen parrot pigeon sparrow robin gull penguin stork".split(),
    "fish": "shark salmon trout herring eel tuna carp cod".split(),
    "insect": "ant bee fly wasp beetle moth spider cricket butterfly mosquito".split(),
    "fruit": "apple pear plum lemon grape melon peach cherry banana orange mango fig kiwi apricot berry".split(),
    "vegetable": "carrot potato onion tomato pea bean cabbage spinach pepper cucumber pumpkin lettuce radish leek garlic".split(),
    "food": "bread cheese rice soup pasta salad butter honey egg cake pizza sausage pancake biscuit jam sugar salt".split(),
    "drink": "water milk tea coffee juice wine beer soda cocoa lemonade".split(),
    "tool": "hammer saw drill shovel axe rake wrench screwdriver chisel pliers ladder needle scissors nail rope".split(),
    "vehicle": "car bus train bike truck boat ship plane taxi tram van scooter tractor ferry sled canoe".split(),
    "clothing": "shirt coat hat sock shoe scarf dress glove belt skirt sweater jacket boot cap apron vest pajamas".split(),
    "furniture": "chair table bed desk sofa shelf stool mirror cupboard wardrobe bench drawer cradle armchair".split(),
    "color": "red blue green black white yellow brown pink gray purple silver golden violet".split(),
    "job": (
        "doctor teacher nurse baker farmer pilot cook singer painter lawyer dentist plumber tailor waiter sailor gardener writer barber driver judge"
    ).split(),
    "country": (
        "France Spain Italy Japan Egypt Brazil Kenya Peru China India Norway Greece Poland Turkey Canada Chile Cuba Iran Nepal Ghana Sweden Portugal"
    ).split(),
    "sport": "tennis football golf hockey rugby boxing skiing rowing judo chess swimming running fencing sailing".split(),
    "instrument": "guitar piano violin drum flute trumpet harp cello organ banjo horn accordion".split(),
    "flower": "rose tulip daisy poppy orchid sunflower crocus lavender carnation".split(),
    "tree": "oak pine birch willow maple palm cedar elm beech".split(),
    "metal": "iron gold copper tin lead zinc steel brass".split(),
    "shape": "circle square triangle star cube cone oval spiral".split(),
    "weather": "rain snow wind storm fog hail thunder lightning sunshine frost".split(),
    "body part": "hand foot nose ear eye knee elbow shoulder neck finger chin back tooth thumb".split(),
    "room": "kitchen bedroom bathroom cellar attic hall office garage pantry balcony".split(),
    "relative": "mother father sister brother uncle aunt cousin grandmother grandfather nephew niece".split(),
    "dish": "plate cup bowl fork spoon knife pot pan glass jug kettle teapot".split(),
    "language": "French Spanish Italian Japanese Greek Polish Turkish Arabic Latin".split(),
}
KIND_OF = {word: kind for kind, words in KINDS.items() for word in words}

OPPOSITES = _pairs(
    "hot-cold big-small fast-slow happy-sad rich-poor hard-soft wet-dry dark-light full-empty early-late strong-weak tall-short loud-quiet clean-dirty "
    "open-closed high-low near-far heavy-thin young-old sweet-sour wide-narrow deep-shallow brave-afraid smooth-rough sharp-blunt friendly-rude "
    "awake-asleep clever-silly kind-cruel safe-dangerous simple-difficult true-false first-last left-right up-down day-night summer-winter begin-finish "
    "buy-sell give-take love-hate push-pull laugh-cry win-lose remember-forget arrive-leave always-never inside-outside before-after north-south "
    "east-west best-worst more-less same-different noisy-silent modern-ancient public-private broken-whole polite-impolite"
)
OPPOSITES |= {two: one for one, two in OPPOSITES.items()}
PAST = _pairs(
    "go-went see-saw take-took give-gave buy-bought find-found lose-lost make-made eat-ate run-ran sing-sang swim-swam write-wrote read-read drive-drove "
    "come-came begin-began break-broke bring-brought build-built catch-caught choose-chose cut-cut draw-drew drink-drank fall-fell feel-felt fly-flew "
    "forget-forgot get-got grow-grew hear-heard hold-held keep-kept know-knew leave-left meet-met pay-paid ride-rode say-said sell-sold send-sent "
    "sit-sat sleep-slept speak-spoke stand-stood swing-swung teach-taught tell-told think-thought throw-threw wake-woke wear-wore win-won"
)
CITIES = (  # in the order of the countries
    "Paris Madrid Rome Tokyo Cairo Brasilia Nairobi Lima Beijing Delhi Oslo Athens Warsaw Ankara Ottawa Santiago Havana Tehran Kathmandu Accra Stockholm Lisbon"
).split()
CAPITALS = dict(zip(KINDS["country"], CITIES, strict=True))
SOUNDS = _pairs(
    "dog-woof cat-meow cow-moo pig-oink sheep-baa duck-quack lion-roar horse-neigh mouse-squeak frog-croak snake-hiss owl-hoot crow-caw bee-buzz "
    "hen-cluck wolf-howl"
)
YOUNG = _pairs("dog-puppy cat-kitten cow-calf sheep-lamb pig-piglet duck-duckling hen-chick goat-kid bear-cub frog-tadpole swan-cygnet horse-foal deer-fawn")
COLOR_OF = _pairs(
    "snow-white grass-green coal-black sky-blue lemon-yellow blood-red carrot-orange chocolate-brown cherry-red spinach-green milk-white banana-yellow "
    "cucumber-green poppy-red swan-white"
)
USED_FOR = _pairs(
    "hammer-hit nails,saw-cut wood,drill-make holes,shovel-dig,axe-chop wood,rake-gather leaves,needle-sew,scissors-cut paper,spoon-eat soup,"
    "knife-cut bread,kettle-boil water,pen-write,brush-paint,bed-sleep,umbrella-stay dry,clock-tell the time,lamp-read at night,ladder-climb,"
    "broom-sweep the floor,pan-fry eggs,map-find the way,phone-call a friend,oven-bake cakes,fridge-keep food cold,key-open a door,soap-wash hands,"
    "towel-get dry,bag-carry things",
    ",",
)
HOMES = _pairs(
    "bird-nest bee-hive dog-kennel horse-stable pig-sty lion-den king-castle spider-web fish-water mouse-hole hen-coop rabbit-burrow cow-barn bear-cave"
)
# Those whose ending says nothing of their plural.
PLURALS = _pairs(
    "mouse-mice foot-feet tooth-teeth goose-geese sheep-sheep fish-fish child-children man-men woman-women knife-knives shelf-shelves wolf-wolves "
    "leaf-leaves person-people deer-deer loaf-loaves calf-calves"
)


def she(name: str) -> str:
    return "she" if name in GIRLS else "he"


def her(name: str) -> str:
    """Hers or his: her book."""
    return "her" if name in GIRLS else "his"


def plural(noun: str) -> str:
    if noun in PLURALS:
        return PLURALS[noun]
    if noun.endswith(("s", "sh", "ch", "x")):
        return f"{noun}es"
    return f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2] not in "aeiou" else f"{noun}s"
