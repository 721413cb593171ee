"""Examples at the end of each help page: command lines as they are typed; a line that begins with ``#`` says what for."""

PROGRAM = """
# what can be asked, and what a study takes
frugal studies
frugal studies roof_yield
# from physics to an audited answer
frugal train roof_yield
frugal predict bundles/roof_yield -i tilt_deg=30 -i azimuth_deg=180
# in French
frugal --lang fr audit bundles/roof_yield
"""

STUDIES = """
frugal studies
frugal studies roof_yield
# of your own file, for programs
frugal studies --study docs/examples/oxygen_sag.py --json
"""

SIMULATE = """
frugal simulate roof_yield -i tilt_deg=30 -i azimuth_deg=180
# with another weather, and a unit of your own
frugal simulate roof_yield --set weather=town.epw -i tilt_deg=0.5rad -i azimuth_deg=180
# maps
frugal simulate submersion --out flood.tif
# hazard classes, contours, states and series of a flood
frugal simulate river_flood --details flood --times 2h,4h --points wells.gpkg
"""

NEED = """
frugal need roof_yield --out need.toml
# of a table of runs
frugal need --runs runs.csv --inputs a,b --outputs y
# what only people can tell
frugal need --declarations --out declarations.toml
"""

TRAIN = """
frugal train roof_yield
# what would it cost?
frugal train roof_yield --dry-run
# your own weather and surface models
frugal train roof_yield --set weather=town.epw --set dsm=west.tif,east.tif
# your own solver, or only a table of runs
frugal train --study docs/examples/oxygen_sag.py
frugal train --runs runs.csv --inputs a,b --outputs y
"""

EVAL = """
frugal eval bundles/roof_yield
# to the audit's own rule
frugal eval bundles/roof_yield --full
"""

AUDIT = """
frugal audit bundles/roof_yield
frugal audit bundles/roof_yield --declarations declarations.toml --country DEU
# what changed?
frugal audit --compare OLD_BUNDLE bundles/roof_yield
frugal audit bundles/roof_yield --export cyclonedx --out roof_yield.cdx.json
"""

PREDICT = """
frugal predict bundles/roof_yield -i tilt_deg=30 -i azimuth_deg=180
# every row of a table
frugal predict bundles/roof_yield --csv roofs.csv --out yields.csv
# maps
frugal predict bundles/submersion -i surge_peak=1.5 -i tide_range=6 --out flood.tif
"""

EXPLAIN = """
frugal explain bundles/roof_yield
# pages, pictures, and the indices of every element
frugal explain bundles/submersion --output max_depth --out explanation --maps
"""

CALIBRATE = """
# with the cheapest candidate of a bundle; what is known of the inputs stands in the table
frugal calibrate bundles/oxygen_sag --observations probes.csv --parameters decay_per_day
# with the solver: parameters of the physics
frugal calibrate --study docs/examples/tide_levels.py --observations tide_levels --out calibration
"""

CADASTRE = """
# of a generated village
frugal cadastre --open
frugal cadastre lidar/ --buildings footprints.gpkg --set weather=town.epw --out town
"""

EXPOSURE = """
# of maps that this program has written
frugal simulate submersion --site town.toml --details flood
frugal exposure flood --buildings buildings.gpkg --roads roads.gpkg --people people.tif
# of another program: arrival in seconds in a file of its own
frugal exposure depth.tif --arrival arrival.tif --arrival-unit s --assets substations.gpkg
# who is cut off from the hospital, and when
frugal exposure flood --roads roads.gpkg --buildings buildings.gpkg --access-to hospital.gpkg
# damage to be expected in a year
frugal exposure --return-period 10=q10.tif --return-period 100=q100.tif --buildings town.gpkg
frugal exposure --damages damage_by_return_period.json
"""

TIDE = """
frugal tide brest.csv --from 2026-11-30 --days 7 --zone Europe/Paris
# levels above chart datum, every ten minutes, into a file
frugal tide bordeaux.csv --datum "chart datum" --mean-level 3.2 --every 10 --out levels.csv
"""

FETCH = """
# of the last month; the licence and the date lie beside the file
frugal fetch hubeau --station O972001001 --from 2026-11-20 --out flows.csv
# means of days, of years past
frugal fetch hubeau --station O9720010 --what daily_discharge --from 2020-01-01 --out years.csv
frugal fetch vigicrues --station O972001001 --what level --out levels.csv
"""

WINDOWS = """
frugal windows --from 2026-01-01 --to 2026-12-31 --draught-m 9.5 --zone Europe/Paris --out windows
# what a metre of dredging gives
frugal windows --draught-m 10.5 --direction in --dredge garonne:0-15:1
# days on which shad may go upstream, with discharges of your own
frugal windows --fish shad --flow garonne=250 --flow dordogne=120
"""

FORECAST = """
# from series of both rivers, and of the surge
frugal forecast estuary --from 2026-11-30 --series flows.csv --surge surge.csv --out today
# tomorrow: on from today's state
frugal forecast estuary --from 2026-12-01 --series flows.csv --state today --out next
# rivers from a file of Hub'Eau that ends now
frugal forecast estuary --from 2026-11-30 --series hubeau.csv --hold-flows --out today
"""
