# swift-server.py PROGRAM CONFIGURATION [OPTION]...: runs a server of OpenStack Swift with the swift.conf that lies beside
# its configuration. The servers know that file by one path for the whole machine, and no option moves it.
import os
import runpy
import sys

from swift.common.utils import set_swift_dir

del sys.argv[0]
set_swift_dir(os.path.dirname(sys.argv[1]))
runpy.run_path(sys.argv[0], run_name="__main__")
