// sluice: the program. Everything it does stands in gateway/commands.
#include "gateway/commands/commands.h"

int main(int argc, char** argv) { return sluice::commands::Main(argc, argv); }
