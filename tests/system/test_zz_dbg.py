import time
from tests.system.test_lost_device import *
def test_x(lab, thermo):
    expected = thermo.identify().result
    print(world(lab, fault="late", count=1, seconds=2.5), world(lab, get="faults"))
    t=time.time(); r=thermo.identify().result; print(time.time()-t, r==expected, world(lab, get="faults"), r)
    t=time.time(); r=thermo.identify().result; print(time.time()-t, r==expected, r)
